import type { DriverCall, ProbeCall, ProbeOrder, Report, Reporter } from '../../../src/actors/ports.ts';
import type { RunRef } from '../../../src/machines/commands.ts';
import type { AliveSpec, ReadySpec, ServerSpec } from '../../../src/machines/spec.ts';

export const runOf = (unitId: string, generation = 1, handle: RunRef['handle'] = null): RunRef => ({
  unitId,
  runId: `${unitId}.${generation}`,
  generation,
  handle,
});

let seq = 0;
/** A command with a key of its own, as a journal would number it. */
export function callFor(run: RunRef, key = `${++seq}.0`): DriverCall {
  return { key, seq: Number.parseInt(key, 10), run, spec: serverSpec(run.unitId) };
}

export const readyEvery = (every: number): ReadySpec => ({ every, timeout: 50, within: 30_000, target: { tcp: 1 } });
export const aliveEvery = (every: number, failures = 3): AliveSpec => ({
  every,
  timeout: 50,
  failures,
  target: { tcp: 1 },
});

export function probeFor(run: RunRef, probe: 'ready', spec: ReadySpec): ProbeCall & { readonly probe: 'ready' };
export function probeFor(run: RunRef, probe: 'alive', spec: AliveSpec): ProbeCall & { readonly probe: 'alive' };
export function probeFor(run: RunRef, probe: 'ready' | 'alive', spec: ReadySpec | AliveSpec): ProbeCall {
  const order = { probe, spec, startedMs: null } as ProbeOrder;
  return { key: `${++seq}.0`, seq, run, unit: serverSpec(run.unitId), ...order };
}

/** Keeps what is reported. `said` gives the short form: unit, fact. */
export function listener() {
  const reports: Report[] = [];
  const report: Reporter = (heard) => void reports.push(heard);
  return {
    report,
    reports,
    facts: () => reports.map(({ fact }) => fact),
    said: () => reports.map(({ unitId, fact }) => `${unitId} ${fact.type}`),
  };
}

const serverSpec = (id: string): ServerSpec => ({
  kind: 'server',
  id,
  after: {},
  group: null,
  restart: {
    when: 'failure',
    backoff: { initial: 200, factor: 2, max: 30_000 },
    max: 5,
    within: 60_000,
    stableAfter: 10_000,
  },
  idle: null,
  command: ['node', `${id}.js`],
  cwd: '/',
  env: { inherit: 'safe', set: {}, secrets: {} },
  ready: null,
  stop: { ask: null, signal: 'SIGTERM', grace: 5_000 },
  keepDescendants: false,
  onOrchestratorDeath: 'adopt',
  logs: { maxBytes: 50_000_000, keep: 3, split: false },
  port: null,
  alive: null,
});
