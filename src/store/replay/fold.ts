/** Entries laid over each other: what was recorded, and no code that decides. */
import { isWorldCommand, type WorldCommand } from '../../machines/commands.ts';
import type { EventBody } from '../../machines/events.ts';
import type { Json, TimerName, TimerRestore, UnitId } from '../../machines/vocabulary.ts';
import type { Entry, StateValue } from '../rows.ts';

/** A wait that was under way. */
export interface ArmedTimer {
  readonly timer: TimerName;
  /** The entry that started it. */
  readonly seq: number;
  readonly dueMs: number;
  readonly dueMonoMs: number;
  readonly lengthMs: number;
  readonly restore: TimerRestore;
}

/** What a driver or a probe had been told, and had not answered yet. */
export interface PendingCommand {
  readonly seq: number;
  readonly index: number;
  readonly command: WorldCommand;
}

/** All that was true of a unit after one of its entries. The spec is kept apart: see `TraceHeader.specs`. */
export interface UnitMoment {
  readonly unitId: UnitId;
  readonly seq: number;
  readonly aseq: number;
  readonly atMs: number;
  readonly monoMs: number;
  readonly value: StateValue;
  readonly context: Readonly<Record<string, Json>>;
  readonly timers: readonly ArmedTimer[];
  readonly pending: readonly PendingCommand[];
  readonly version: number;
  readonly definition: string;
  readonly stateHash: string;
}

/**
 * The next moment of a unit. `null`: it cannot be told, because entries before this one are missing.
 *
 * Nothing is changed: moments share what did not change between them.
 */
export function advance(before: UnitMoment | null, entry: Entry): UnitMoment | null {
  const isBeginning = isBirth(entry.event);
  if (!isBeginning && before?.aseq !== entry.aseq - 1) return null;
  const earlier = isBeginning ? null : before;
  const { unitId, seq, aseq, atMs, monoMs, value, version, definition, stateHash } = entry;
  const context = changes(entry.patch) || !earlier ? { ...earlier?.context, ...entry.patch } : earlier.context;
  const timers = timersAfter(earlier?.timers ?? NONE, entry);
  const pending = pendingAfter(earlier?.pending ?? NONE, entry);
  return { unitId, seq, aseq, atMs, monoMs, value, context, timers, pending, version, definition, stateHash };
}

/** Where a unit begins, or begins again: its patch is the whole context, and no machine was asked. */
export const isBirth = ({ type }: EventBody): boolean => type === 'unit.added' || type === 'unit.released';

const NONE: readonly never[] = [];

function changes(patch: Entry['patch']): boolean {
  for (const _ in patch) return true;
  return false;
}

function timersAfter(before: readonly ArmedTimer[], { event, commands, seq, atMs, monoMs }: Entry) {
  const fired = event.type.startsWith('timer.') ? event.type.slice('timer.'.length) : null;
  let after = fired === null || before.length === 0 ? before : before.filter(({ timer }) => timer !== fired);
  for (const command of commands) {
    if (command.type !== 'startTimer' && command.type !== 'cancelTimer') continue;
    const { timer } = command.params;
    if (after.some((armed) => armed.timer === timer)) after = after.filter((armed) => armed.timer !== timer);
    if (command.type === 'cancelTimer') continue;
    const { ms, restore } = command.params;
    after = [...after, { timer, seq, dueMs: atMs + ms, dueMonoMs: monoMs + ms, lengthMs: ms, restore }];
  }
  return after;
}

/** Which events end the wait for an answer. What goes on by itself, such as a probe, is pending until it is stopped. */
const ANSWERS: Readonly<Record<WorldCommand['type'], ReadonlySet<string>>> = {
  launch: new Set(['run.launched', 'run.launch-failed', 'run.revoked', 'run.exited', 'run.lost']),
  revoke: new Set(['run.launched', 'run.revoked', 'run.claimed', 'run.exited', 'run.lost']),
  attach: new Set(['run.exited', 'run.lost']),
  endRun: new Set(['run.exited', 'run.lost']),
  sweep: new Set(['run.swept']),
  startProbe: new Set(['run.exited', 'run.lost']),
  stopProbe: new Set(),
};

function pendingAfter(before: readonly PendingCommand[], { event, commands, seq }: Entry) {
  let after = before;
  if (before.some(({ command }) => isAnswered(command, event))) {
    after = before.filter(({ command }) => !isAnswered(command, event));
  }
  commands.forEach((command, index) => {
    if (!isWorldCommand(command)) return;
    // A launch begins a new run, and nobody waits for anything of the one before.
    after = command.type === 'launch' ? NONE : after.filter((one) => !isReplacedBy(one.command, command));
    if (command.type !== 'stopProbe') after = [...after, { seq, index, command }];
  });
  return after;
}

/** The same command again, such as a second kill, is the same wait. */
function isReplacedBy(earlier: WorldCommand, later: WorldCommand): boolean {
  if (later.type === 'stopProbe') return earlier.type === 'startProbe' && earlier.params.probe === later.params.probe;
  return earlier.type === later.type && JSON.stringify(earlier.params) === JSON.stringify(later.params);
}

function isAnswered({ type }: WorldCommand, event: EventBody): boolean {
  if (event.type === 'driver.failed') return event.command === type;
  return ANSWERS[type].has(event.type);
}
