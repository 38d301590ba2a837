import { openSync, readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Higher ones cannot be covered: every slot below is counted, and many systems give a process no more than 1024. */
export const COVERED_MAX = 1_000;
/** How many are looked at before anybody else gets a turn. */
const SLICE = 256;
/** O_CLOEXEC, as `/proc/PID/fdinfo/FD` shows it (proc(5)). */
const CLOSE_ON_EXEC = 0o2000000;

let found: Promise<readonly number[]> | undefined;

/**
 * Descriptors that were open when this process began, and would be open in everything that it starts: a lock, a pipe
 * of whoever started us. Who waits for the end of such a pipe would wait for every program that we ever launch.
 *
 * Node closes what it has opened itself, and those up to 15; above that it stops looking at the first gap. They are
 * looked for once: what is opened later without that care, by an addon, is not seen.
 */
export function inheritedDescriptors(): Promise<readonly number[]> {
  found ??= look();
  return found;
}

/** Where a spawn is to put something: `ignore` leaves what is there above 2, whatever the documentation says. */
export type Slot = 'ignore' | 'pipe' | 'ipc' | number;

/**
 * The same slots, with `/dev/null` in the place of everything inherited: it cannot be closed from here, but replaced.
 *
 * Without anything inherited they are returned as they are.
 */
export function coverInherited(slots: readonly Slot[], inherited: readonly number[]): Slot[] {
  const covered: Slot[] = [...slots];
  for (const descriptor of inherited) {
    if (descriptor > COVERED_MAX) continue;
    while (covered.length <= descriptor) covered.push('ignore');
    if (covered[descriptor] === 'ignore') covered[descriptor] = nowhere();
  }
  return covered;
}

async function look(): Promise<readonly number[]> {
  const inherited: number[] = [];
  for (const [index, name] of readdirSync('/proc/self/fd').entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn();
    if (Number(name) > 2 && isHandedOn(name)) inherited.push(Number(name));
  }
  return inherited;
}

function isHandedOn(descriptor: string): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false; // Closed meanwhile, like the one that the list was read by.
  }
}

let devNull: number | undefined;

/** Opened once, where it is needed at all, and kept: a launch is not to fail for want of it. */
function nowhere(): number {
  devNull ??= openSync('/dev/null', 'r+');
  return devNull;
}
