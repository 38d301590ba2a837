import type { AnyMachineSnapshot } from 'xstate';
import type { UnitContext } from '../../src/machines/context.ts';
import { type TimerEvent, UNIT_EVENTS, type UnitEvent, type UnitEventBody } from '../../src/machines/events.ts';
import type { ExitReport, Handle, Problem } from '../../src/machines/vocabulary.ts';

const MOMENT = { atMs: 1_000, monoMs: 1_000, seq: 1 };
const HANDLE: Handle = { pid: 7, identity: null };
const PROBLEM: Problem = { code: 'NotNow', message: 'It does not want to.', hint: 'Ask again.' };
const CLEAN: ExitReport = { code: 0, signal: null, rawStatus: 0, certain: true, endedMs: 1_000 };
const BROKEN: ExitReport = { ...CLEAN, code: 1, rawStatus: 256 };

/** Every event a unit may be sent in a state, with payloads that bring out each side of each guard. */
export function everyUnitEvent({ context }: AnyMachineSnapshot): readonly UnitEvent[] {
  const { generation } = context as UnitContext;
  const requests = ['start', 'stop', 'restart', 'terminate'] as const;
  const timers = UNIT_EVENTS.filter((type): type is TimerEvent['type'] => type.startsWith('timer.'));
  const bodies: readonly UnitEventBody[] = [
    ...requests.map((wish) => ({ type: `${wish}.requested` as const, requestId: null, by: 'user' })),
    { type: 'dependencies.met' },
    { type: 'dependencies.failed', problem: PROBLEM },
    { type: 'dependencies.lost' },
    { type: 'slot.granted' },
    { type: 'print.sought', pattern: 'listening' },
    { type: 'restart.advised', by: 'group:g' },
    { type: 'restart.advised', by: 'group:g', held: true },
    { type: 'clock.restarted' },
    { type: 'run.launched', generation, handle: HANDLE, startedMs: 1_000, adopted: false },
    { type: 'run.launch-failed', generation, problem: PROBLEM, resource: false },
    { type: 'run.launch-failed', generation, problem: PROBLEM, resource: true },
    { type: 'run.revoked', generation },
    { type: 'run.claimed', generation, detail: 'its launcher sleeps' },
    { type: 'run.adopted', generation, handle: HANDLE },
    { type: 'run.exited', generation, exit: CLEAN },
    { type: 'run.exited', generation, exit: BROKEN },
    { type: 'run.lost', generation, endedMs: 1_000 },
    { type: 'run.swept', generation, survivors: [] },
    { type: 'run.progressed', generation, text: 'halfway' },
    { type: 'run.blocked', generation, on: 'a person' },
    { type: 'run.printed', generation, pattern: 'listening', found: true },
    { type: 'probe.passed', generation, probe: 'ready' },
    { type: 'probe.failed', generation, probe: 'alive', detail: 'refused' },
    { type: 'probe.exhausted', generation, probe: 'alive', detail: 'refused' },
    { type: 'activity.ceased', generation, sinceMs: 1_000 },
    { type: 'activity.resumed', generation, text: 'it prints again' },
    { type: 'driver.failed', generation, command: 'endRun', problem: PROBLEM },
    { type: 'watch.observed', generation, what: ['a.ts'] },
    ...timers.map((type) => ({ type })),
  ];
  return bodies.map((body) => ({ ...body, ...MOMENT }));
}

/** What the guards of a unit ask for, and nothing that only grows. */
export function coarseKey({ value, context }: AnyMachineSnapshot): string {
  const { desired, again, outcome, verdict, ending } = context as UnitContext;
  return JSON.stringify([value, desired, again, ending?.kind ?? null, outcome?.kind ?? null, verdict?.kind ?? null]);
}
