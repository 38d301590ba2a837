import type { UnitSpec } from '../../src/machines/spec.ts';
import type { Entry, Snapshot, Tick, TimerRow, UnitRow } from '../../src/store/rows.ts';

/** A tick that changes what it is told to, and nothing else. */
export const tickOf = (changes: Partial<Tick>): Tick => ({
  unitsAdded: [],
  unitsRemoved: [],
  entries: [],
  snapshots: [],
  timersSet: [],
  timersCleared: [],
  outboxAdded: [],
  outboxDone: [],
  runsOrdered: [],
  runsStarted: [],
  runsEnded: [],
  ...changes,
});

export const entryOf = (seq: number, changes: Partial<Entry> = {}): Entry => ({
  seq,
  unitId: 'api',
  aseq: seq,
  atMs: 1_795_180_000_000 + seq,
  monoMs: 1_000.25 * seq,
  cause: seq > 1 ? seq - 1 : null,
  event: { type: 'probe.passed', generation: 3, probe: 'ready' },
  value: { running: 'healthy' },
  patch: { ready: true, why: '' },
  commands: [{ type: 'cancelTimer', params: { timer: 'start' } }],
  version: 1,
  definition: 'd'.repeat(64),
  stateHash: `h${seq}`,
  ...changes,
});

/** The state that an entry led to, given its whole context. */
export const snapshotOf = (entry: Entry, context: Snapshot['context']): Snapshot => {
  const { unitId, seq, aseq, version, definition, stateHash, value } = entry;
  return { unitId, seq, aseq, version, definition, stateHash, value, context };
};

export const unitOf = (id: string, changes: Partial<UnitRow> = {}): UnitRow => ({
  id,
  kind: 'server',
  epoch: `epoch-of-${id}`,
  spec: { id, kind: 'server', command: ['node', `${id}.js`] } as unknown as UnitSpec,
  addedMs: 1_795_180_000_000,
  ...changes,
});

export const timerOf = (unitId: string, seq: number): TimerRow => ({
  unitId,
  timer: 'grace',
  seq,
  bootId: 'boot-1',
  dueMonoMs: 5_000.5,
  dueWallMs: 1_795_180_005_000,
  lengthMs: 5_000,
  restore: 'absolute',
});
