import type { QueueView, UnitView } from './supervision.ts';
import type {
  Desired,
  ExitReport,
  Handle,
  Json,
  ProbePurpose,
  Problem,
  Survivor,
  TimerName,
  UnitId,
  UnitKind,
} from './vocabulary.ts';

/** Bumped when the meaning of a recorded event changes. */
export const EVENT_SCHEMA = 1;

/** Asked by people and policy. Each gets exactly one reply, by its `requestId` (I6). `by` names who asked. */
export type Request = {
  readonly type: 'start.requested' | 'stop.requested' | 'restart.requested' | 'terminate.requested';
  /** `null`: nobody waits for an answer. */
  readonly requestId: string | null;
  readonly by: string;
};

/** Reported by drivers. All but `heartbeat` name the generation they speak of: a late one is recorded and ignored. */
export type Fact = { readonly generation: number } & (
  | { readonly type: 'run.launched'; readonly handle: Handle; readonly startedMs: number; readonly adopted: boolean }
  | { readonly type: 'run.launch-failed'; readonly problem: Problem; readonly resource: boolean }
  /** The launch never happened and never will: its claim was taken back. */
  | { readonly type: 'run.revoked' }
  /** Somebody claimed the launch, but has not said yet who it is. `detail`: what is known of that. */
  | { readonly type: 'run.claimed'; readonly detail?: string }
  /** Ours again after our own restart: found alive or, where it had ended already, to be cleaned up after. */
  | { readonly type: 'run.adopted'; readonly handle: Handle }
  | { readonly type: 'run.exited'; readonly exit: ExitReport }
  /** Gone, and nobody saw how. */
  | { readonly type: 'run.lost'; readonly endedMs: number }
  /** Nothing of the run is left, or only these. */
  | { readonly type: 'run.swept'; readonly survivors: readonly Survivor[] }
  /** A sign of progress while starting: pushes the start deadline back. */
  | { readonly type: 'run.progressed'; readonly text: string }
  | { readonly type: 'probe.passed'; readonly probe: ProbePurpose }
  /** The first failure after a success. */
  | { readonly type: 'probe.failed'; readonly probe: ProbePurpose; readonly detail: string }
  /** As many failures in a row as the spec allows. */
  | { readonly type: 'probe.exhausted'; readonly probe: ProbePurpose; readonly detail: string }
  /** It has printed a line that matches, or has ended without one. Told where somebody waits for it. */
  | { readonly type: 'run.printed'; readonly pattern: string; readonly found: boolean }
  | { readonly type: 'activity.ceased'; readonly sinceMs: number }
  | { readonly type: 'activity.resumed'; readonly text: string }
  /** It waits for a person; `null`: no more. */
  | { readonly type: 'run.blocked'; readonly on: string | null }
  /** A command could not be carried out. Deadlines and people deal with it; nothing is lost silently. */
  | { readonly type: 'driver.failed'; readonly command: string; readonly problem: Problem }
  /** A watcher saw something. */
  | { readonly type: 'watch.observed'; readonly what: readonly string[] }
);

/** What the supervisor, recovery, or another unit tells a unit. */
export type Order =
  | { readonly type: 'dependencies.met' }
  | { readonly type: 'dependencies.failed'; readonly problem: Problem }
  /** What was met is not so any more, and its launch has not begun. */
  | { readonly type: 'dependencies.lost' }
  /** There is room for it in its queue. */
  | { readonly type: 'slot.granted' }
  /** Somebody waits until it has printed a line that matches. */
  | { readonly type: 'print.sought'; readonly pattern: string }
  /**
   * From a watcher or a group: start over, unless a person stopped it. Nobody waits for an answer. `held`: not yet, for
   * who needs it is to end first; it is told again then.
   */
  | { readonly type: 'restart.advised'; readonly by: string; readonly held?: true }
  /** From recovery: the machine was booted since, and monotonic times of before mean nothing any more. */
  | { readonly type: 'clock.restarted' };

export type TimerEvent = { readonly type: `timer.${TimerName}` };

/** Where an event stands in time. Wall for people, monotonic (since boot) for measuring. */
export interface Moment {
  readonly atMs: number;
  readonly monoMs: number;
}

/** `seq` of its entry: of two requests, the earlier one is that with the smaller. */
export interface Place extends Moment {
  readonly seq: number;
}

export type UnitEventBody = Request | Fact | Order | TimerEvent;
/** An event as a machine gets it: time arrives in events, and nowhere else. */
export type UnitEvent = UnitEventBody & Place;

/** The supervisor's own events. They carry the views they are decided on, so an entry explains itself. */
export type SupervisorEventBody =
  /**
   * `views`: the unit, what it waits for, what waits for it, and its group. `up`: how many units are not at rest;
   * `null`: not counted, because nobody waits for all to be. `queue`: the one it is in, with who is next there.
   */
  | {
      readonly type: 'unit.changed';
      readonly unit: UnitId;
      readonly up: number | null;
      readonly views: readonly UnitView[];
      readonly queue?: QueueView;
    }
  | {
      readonly type: 'up.requested' | 'down.requested';
      readonly requestId: string | null;
      readonly up: number;
      readonly views: readonly UnitView[];
    };
export type SupervisorEvent = SupervisorEventBody & Place;

/** Where a unit begins, or begins again after a quarantine. Its patch is the whole context; no machine is asked. */
export interface UnitAdded {
  readonly type: 'unit.added' | 'unit.released';
  readonly kind: UnitKind | 'supervisor';
  readonly epoch: string;
  /** What it is to do, without values of its environment: no patch holds it, and every later entry is decided by it. */
  readonly spec?: Json;
}

export type EventBody = UnitEventBody | SupervisorEventBody | UnitAdded;
export type JournaledEvent = UnitEvent | SupervisorEvent;

/** Every event a unit machine may be sent. `machine.events` must equal it: a typo in `on` does not fail to compile. */
export const UNIT_EVENTS = [
  'start.requested',
  'stop.requested',
  'restart.requested',
  'terminate.requested',
  'run.launched',
  'run.launch-failed',
  'run.revoked',
  'run.claimed',
  'run.adopted',
  'run.exited',
  'run.lost',
  'run.swept',
  'run.progressed',
  'run.blocked',
  'run.printed',
  'probe.passed',
  'probe.failed',
  'probe.exhausted',
  'activity.ceased',
  'activity.resumed',
  'driver.failed',
  'watch.observed',
  'dependencies.met',
  'dependencies.failed',
  'dependencies.lost',
  'slot.granted',
  'print.sought',
  'restart.advised',
  'clock.restarted',
  'timer.delay',
  'timer.launch',
  'timer.start',
  'timer.stable',
  'timer.run',
  'timer.ask',
  'timer.grace',
  'timer.kill',
  'timer.sweep',
  'timer.backoff',
  'timer.debounce',
] as const satisfies readonly UnitEventBody['type'][];

const unitEvents: ReadonlySet<string> = new Set(UNIT_EVENTS);

/** `false`: no unit knows what that means. */
export const isUnitEvent = (type: string): boolean => unitEvents.has(type);

export const SUPERVISOR_EVENTS = [
  'unit.changed',
  'up.requested',
  'down.requested',
] as const satisfies readonly SupervisorEventBody['type'][];

/** Requests that want a unit up, and those that want it down. The later one of two contrary ones wins (I6). */
export const WISH = {
  'start.requested': 'up',
  'restart.requested': 'up',
  'stop.requested': 'down',
  'terminate.requested': 'removed',
} as const satisfies Record<Request['type'], Desired>;
