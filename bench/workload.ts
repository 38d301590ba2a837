import type { Fact, Request } from '../src/machines/events.ts';
import { decodeUnit, type UnitSpec } from '../src/machines/spec.ts';
import type { ExitReport, Handle } from '../src/machines/vocabulary.ts';

/** A server as people write them: proves that it is ready, and is watched while it runs. */
export const benchServer = (id: string): UnitSpec =>
  decodeUnit({
    id,
    kind: 'server',
    command: ['node', 'server.js', '--name', id],
    ready: { tcp: 1 },
    alive: { http: 'http://127.0.0.1:1/health' },
  });

export const benchServers = (count: number): readonly UnitSpec[] =>
  Array.from({ length: count }, (_, index) => benchServer(`unit-${index}`));

export const HANDLE: Handle = {
  pid: 4_242,
  identity: { bootId: 'boot-1', pidNamespace: '4026531836', pid: 4_242, startTicks: '987654' },
  startedMs: 1_900_000_000_000,
};

/** Started, ready, once unwell and well again, stopped, swept, at rest: what every event of a quiet life costs. */
export function lifeOf(generation: number): readonly (Request | Fact)[] {
  return [...startOf(generation), ...wobbleOf(generation), ...endOf(generation)];
}

/** From rest to running. */
export const startOf = (generation: number): readonly (Request | Fact)[] => [
  { type: 'start.requested', requestId: null, by: 'bench' },
  { type: 'run.launched', generation, handle: HANDLE, startedMs: 1_900_000_000_000, adopted: false },
  { type: 'probe.passed', generation, probe: 'ready' },
];

/** Unwell, and well again. */
export const wobbleOf = (generation: number): readonly Fact[] => [
  { type: 'probe.failed', generation, probe: 'alive', detail: 'http://127.0.0.1:1/health answered 503' },
  { type: 'probe.passed', generation, probe: 'alive' },
];

const EXIT: ExitReport = { code: null, signal: 'SIGTERM', rawStatus: 143, certain: true, endedMs: 1_900_000_001_000 };

const endOf = (generation: number): readonly (Request | Fact)[] => [
  { type: 'stop.requested', requestId: null, by: 'bench' },
  { type: 'run.exited', generation, exit: EXIT },
  { type: 'run.swept', generation, survivors: [] },
];

export const EVENTS_PER_LIFE = lifeOf(1).length;
