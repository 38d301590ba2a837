import type { Readable } from 'node:stream';
import type { ProcessIdentity } from '../../machines/vocabulary.ts';
import { identify } from '../system/identity.ts';
import { CommandNotRunnable, DirectoryNotUsable, refusalOf } from './errors.ts';
import { coverInherited, inheritedDescriptors } from './inherited-descriptors.ts';
import { resolveCommand } from './resolve.ts';

export interface CommandOrder {
  /** A string is for a shell, an array is executed as it is. */
  readonly command: string | readonly string[];
  readonly cwd: string;
  /** All of it: nothing is added to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Counted from the start. */
  readonly timeoutMs: number;
  /** Ends the command early. */
  readonly signal: AbortSignal;
}

/** How a command ended. Neither a code nor a signal: it never ran, or even SIGKILL did not end it. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** It was killed because its time was over. */
  readonly timedOut: boolean;
  /** The last whole lines of stdout and stderr, as they came: at most 4 KB. */
  readonly tail: string;
  /** Why it could not be run. `null`: it could, or was aborted before. */
  readonly refused: Refusal | null;
}

export interface Refusal {
  readonly why: string;
  /** For want of something on our side, such as descriptors or memory: it says nothing about the command. */
  readonly ours: boolean;
}

/** Ends commands that are under way when we die. */
export interface Warden {
  /** Resolves when there is somebody who does so. */
  stand(): Promise<void>;
  /** Until the answer is called, this process and its group go when we go. */
  guard(leader: ProcessIdentity): () => void;
}

const TAIL_BYTES_MAX = 4 * 1024;
/** How long what was printed may take to arrive after the end. Only somebody who left the group can hold it up. */
const DRAIN_MS = 100;
/** How long SIGKILL may take to work. What is left then sits in the kernel, and no further signal helps. */
const KILL_LIMIT_MS = 2_000;
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Runs a short command to its end, in a process group of its own of which nothing is left afterwards.
 *
 * Its stdin is empty. Never rejects for an operating error: that it could not be run is an answer too. With a `warden`
 * it ends with us, too.
 *
 * **Gotchas**
 *
 * A descendant that leaves the group (setsid(2)) is not reached. Without a warden, or where none can be had, nor is
 * the command when we are killed meanwhile: it then takes the time it takes.
 *
 * **Example**
 *
 * ```ts
 * const order = { cwd: '/', env: {}, timeoutMs: 5_000, signal: new AbortController().signal };
 * (await execCommand({ ...order, command: 'echo no; exit 3' })).code // => 3
 * ```
 */
export async function execCommand(order: CommandOrder, warden?: Warden): Promise<CommandEnd> {
  const { timeoutMs, signal } = order;
  let started: Awaited<ReturnType<typeof start>>;
  try {
    started = await start(order, warden);
  } catch (error) {
    return { ...NOTHING, refused: refusalFor(error) };
  }
  if (started === null) return NOTHING;
  const { subprocess } = started;
  const { nodeChildProcess: child, stdout, stderr } = subprocess;
  const release = guard(child.pid, warden);
  const printed = keepTail([stdout, stderr]);
  const timers: NodeJS.Timeout[] = [];
  child.once('exit', () => {
    endRemains(child.pid);
    timers.push(setTimeout(() => [stdout, stderr].forEach((stream) => void stream.destroy()), DRAIN_MS));
  });
  const unkillable = new Promise<null>((resolve) => {
    const giveUpIn = (ms: number) => void timers.push(setTimeout(resolve, Math.min(ms, TIMER_MS_MAX), null));
    giveUpIn(timeoutMs + KILL_LIMIT_MS);
    signal.addEventListener('abort', () => giveUpIn(KILL_LIMIT_MS), { once: true });
  });
  const result = await Promise.race([subprocess, unkillable]);
  for (const timer of timers) clearTimeout(timer);
  release();
  if (result === null) return { ...NOTHING, timedOut: !signal.aborted, tail: printed() };
  const { exitCode = null, signal: killedBy = null, timedOut, code } = result;
  const neverRan = exitCode === null && killedBy === null;
  // The words of the system may quote the environment; its code does not.
  const refused = neverRan ? refusalFor({ code, message: code ?? 'refused by the system' }) : null;
  return { code: exitCode, signal: killedBy, timedOut, tail: printed(), refused };
}

/** `null`: aborted before it began. In an object, because whoever awaits a subprocess waits for its end. */
async function start({ command, cwd, env, timeoutMs, signal }: CommandOrder, warden?: Warden) {
  const [file = '', ...args] = resolveCommand(command, cwd, env);
  // Whoever cannot be had, for want of processes say, keeps nobody from being asked.
  await warden?.stand().catch(() => {});
  const more = coverInherited(['ignore', 'pipe', 'pipe'], await inheritedDescriptors()).slice(3);
  // Loaded when it is needed: most programs that import us never run a command this way.
  const { execa } = await import('execa');
  if (signal.aborted) return null;
  const subprocess = execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    // Its types know of no descriptor above 9; it hands on what it is given.
    stdio: ['ignore', 'pipe', 'pipe', ...(more as ('ignore' | 9)[])],
    buffer: false,
    reject: false,
    verbose: 'none',
    timeout: Math.min(Math.ceil(timeoutMs), TIMER_MS_MAX),
    cancelSignal: signal,
    killDescendants: true,
    killSignal: 'SIGKILL',
    forceKillAfterDelay: false,
  });
  return { subprocess };
}

function guard(pid: number | undefined, warden: Warden | undefined): () => void {
  const leader = pid === undefined ? null : identify(pid);
  return (leader && warden?.guard(leader)) ?? (() => {});
}

const NOTHING: CommandEnd = { code: null, signal: null, timedOut: false, tail: '', refused: null };

function refusalFor(error: unknown): Refusal {
  if (error instanceof CommandNotRunnable) return { why: error.why, ours: false };
  if (error instanceof DirectoryNotUsable) return { why: `${error.cwd}: ${error.why}`, ours: false };
  return { why: (error as Error).message, ours: refusalOf('run a command', error).resource };
}

/** Begins to listen; answers with the last whole lines. Half a line might be half a secret, and not recognised. */
function keepTail(streams: readonly Readable[]): () => string {
  let kept: Buffer = Buffer.alloc(0);
  let isCut = false;
  for (const stream of streams) {
    stream.on('data', (chunk: Buffer) => {
      const all = Buffer.concat([kept, chunk.subarray(-TAIL_BYTES_MAX)]);
      isCut ||= kept.length + chunk.length > TAIL_BYTES_MAX;
      kept = all.subarray(-TAIL_BYTES_MAX);
    });
  }
  return () => {
    const begin = isCut ? kept.indexOf('\n') + 1 || kept.length : 0;
    return kept.subarray(begin).toString('utf8');
  };
}

/**
 * Ends what a command has left in its group.
 *
 * The number of the group stays taken as long as it has members. So whoever has it as a pid, now that its leader is
 * dead, is a stranger with a group of its own (I2).
 */
function endRemains(pid: number | undefined): void {
  if (pid === undefined || !exists(-pid) || exists(pid)) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // They have gone by themselves meanwhile, or belong to somebody else.
  }
}

function exists(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
