import type { EventBody } from './events.ts';
import type { Outcome } from './outcome.ts';
import type { EndMethod, Handle, ProbePurpose, Problem, RunId, TimerName, TimerRestore, UnitId } from './vocabulary.ts';

/** The run a command is about, as far as it is known. */
export interface RunRef {
  readonly unitId: UnitId;
  readonly runId: RunId;
  readonly generation: number;
  /** `null` until the driver said how to find it. */
  readonly handle: Handle | null;
}

/** Kept with the entry that caused them, done after its commit by the recorder itself. */
export type LocalCommand =
  | {
      readonly type: 'startTimer';
      readonly params: { readonly timer: TimerName; readonly ms: number; readonly restore: TimerRestore };
    }
  | { readonly type: 'cancelTimer'; readonly params: { readonly timer: TimerName } }
  /** Part of the same tick: the other unit gets the event in the same transaction. */
  | { readonly type: 'tell'; readonly params: { readonly to: UnitId; readonly event: EventBody } }
  | { readonly type: 'reply'; readonly params: { readonly requestId: string; readonly problem: Problem | null } }
  | { readonly type: 'recordOutcome'; readonly params: { readonly runId: RunId; readonly outcome: Outcome } }
  | { readonly type: 'forgetUnit'; readonly params: { readonly unitId: UnitId } };

/**
 * Done in the world, by a driver or a probe, after the commit. They speak of the run the unit has after the entry that
 * holds them. Only `launch` waits in the outbox; the others are derived again from the states after a restart.
 */
export type WorldCommand =
  | { readonly type: 'launch'; readonly params?: undefined }
  | { readonly type: 'revoke'; readonly params?: undefined }
  | { readonly type: 'attach'; readonly params?: undefined }
  | { readonly type: 'endRun'; readonly params: { readonly how: EndMethod } }
  | { readonly type: 'sweep'; readonly params: { readonly how: 'terminate' | 'kill' } }
  | { readonly type: 'startProbe'; readonly params: { readonly probe: ProbePurpose } }
  | { readonly type: 'stopProbe'; readonly params: { readonly probe: ProbePurpose } };

export type Command = LocalCommand | WorldCommand;
export type CommandType = Command['type'];

const WORLD: ReadonlySet<string> = new Set<WorldCommand['type']>([
  'launch',
  'revoke',
  'attach',
  'endRun',
  'sweep',
  'startProbe',
  'stopProbe',
]);

export const isWorldCommand = (command: Command): command is WorldCommand => WORLD.has(command.type);
