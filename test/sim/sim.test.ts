import { expect, test } from 'vitest';
import { UNIT_EVENTS } from '../../src/machines/events.ts';
import { OUTCOMES } from '../../src/machines/outcome.ts';
import type { Tick } from '../../src/store/rows.ts';
import { live } from './lived.ts';
import { SECRET, type SimScenario } from './scenario.ts';
import { type Tried, trySeed, wordsOf } from './seeds.ts';

const SEEDS = 300;

test(`in ${SEEDS} lives nothing is lost, doubled, wrongly killed or left waiting`, { timeout: 300_000 }, async () => {
  const failed: Tried[] = [];
  const seen = new Set<string>();
  for (let seed = 1; seed <= SEEDS && failed.length === 0; seed++) {
    const tried = await trySeed(seed, { shrinks: true });
    if (tried.failure !== null) failed.push(tried);
    for (const kind of tried.lived.seen) seen.add(kind);
  }
  expect(failed.map(wordsOf).join('\n')).toBe('');
  // A generator that stops to make something would find nothing there for ever. No driver here blocks a run for good.
  const never = [...UNIT_EVENTS, ...OUTCOMES].filter((kind) => !seen.has(kind));
  expect(never.filter((kind) => kind !== 'blocked')).toEqual([]);
});

test('the same seed is the same life, to the last byte of its journal', async () => {
  for (const seed of [3, 14, 15, 92, 65, 35]) {
    const [once, again] = [await trySeed(seed, { shrinks: false }), await trySeed(seed, { shrinks: false })];
    expect(once.lived.journal.length).toBeGreaterThan(1_000);
    expect(again.lived.journal).toBe(once.lived.journal);
  }
});

const LIFE: SimScenario = {
  units: [
    { id: 'api', kind: 'server', command: ['api'], alive: { tcp: 1, every: 1_000, failures: 3 } },
    { id: 'build', kind: 'job', command: ['build'], timeout: 5_000 },
  ],
  groups: {},
  behaviours: { api: { onTerminate: 'ignores' }, build: { diesAfterMs: 300, exit: { code: 3 } } },
  steps: [{ do: 'up' }, { wait: 1_000, do: 'restart', unit: 'api' }, { wait: 1_000, do: 'stop', unit: 'api' }],
  pidsMax: 100,
  onFile: false,
};

/** What an orchestrator might write, if it had the fault; and what the observer must call it. */
const LIES: readonly (readonly [fault: string, tamper: (tick: Tick) => Tick, words: RegExp])[] = [
  ['an exit code of its own', (tick) => withOutcomes(tick, { code: 4 }), /with 4,.* and it was 3,/],
  ['an end at another time', (tick) => withOutcomes(tick, { endedMs: 7 }), /,7, and it was/],
  ['a reason that nobody gave', (tick) => withOutcomes(tick, { kind: 'unhealthy' }), /for no reason that there was/],
  ['a loss of what left a record', (tick) => withOutcomes(tick, { kind: 'lost' }), /there is a record of its end/],
  ['no outcome', (tick) => ({ ...tick, runsEnded: [] }), /tells of 1 outcomes and stores 0 \(I12\)/],
  ['no run', (tick) => ({ ...tick, runsOrdered: [] }), /which is not recorded \(I1\)/],
  ['no deadline', (tick) => ({ ...tick, timersSet: [] }), /without a deadline \(I4\)/],
  ['a state of its own', (tick) => withEntries(tick, { value: 'running' }), /\(I5\)|folded/],
  ['a change that no machine made', (tick) => withEntries(tick, { patch: { why: 'because' } }), /folded/],
  ['a secret', (tick) => withEntries(tick, { patch: { why: SECRET } }), /tells a secret \(I7\)/],
  ['a gap', (tick) => withEntries(tick, { aseq: 99 }), /is number 99 of/],
];

test.each(LIES)('an orchestrator that writes %s is found out', async (_fault, tamper, words) => {
  const { faults } = await live(LIFE, tamper).catch((error: Error) => ({ faults: [error.message] }));
  expect(faults.join('\n')).toMatch(words);
});

test('an orchestrator that does none of this is not', async () => {
  expect((await live(LIFE)).faults).toEqual([]);
});

const withOutcomes = (tick: Tick, lie: object): Tick => ({
  ...tick,
  runsEnded: tick.runsEnded.map(({ runId, outcome }) => ({ runId, outcome: { ...outcome, ...lie } })),
});

/** Only what a unit says of itself after it was added. */
const withEntries = (tick: Tick, lie: object): Tick => ({
  ...tick,
  entries: tick.entries.map((entry) => (entry.event.type === 'run.launched' ? { ...entry, ...lie } : entry)),
});
