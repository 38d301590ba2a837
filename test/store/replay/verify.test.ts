import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { serverMachine } from '../../../src/machines/life.ts';
import { stateHash } from '../../../src/machines/step.ts';
import { foldSteps, type History } from '../../../src/store/replay/history.ts';
import { type Divergence, type Machines, Verifier } from '../../../src/store/replay/verify.ts';
import type { Entry } from '../../../src/store/rows.ts';
import { Simulation } from '../../support/simulation.ts';
import { aServer } from '../../support/specs.ts';
import { story } from '../../support/story.ts';
import { historyIn } from '../../support/traces.ts';

/** A history in which some entries say something else. */
function changed(history: History, change: (entry: Entry) => Entry): History {
  return {
    header: history.header,
    unitIds: history.unitIds,
    entryCount: history.entryCount,
    firstSeq: history.firstSeq,
    lastSeq: history.lastSeq,
    faults: [],
    *entries(range) {
      for (const entry of history.entries(range)) yield change(entry);
    },
    entry: (seq) => history.entry(seq),
    seqThrough: (seq) => history.seqThrough(seq),
    seqAt: (atMs) => history.seqAt(atMs),
    base: () => null,
    outputs: () => [],
    close() {},
  };
}

function divergencesIn(history: History, machines?: Machines): readonly Divergence[] {
  const verifier = new Verifier(history, machines);
  return [...foldSteps(history)].flatMap((step) => {
    const checked = verifier.check(step);
    return checked.is === 'different' ? [checked.divergence] : [];
  });
}

test('every entry of a history is decided again as it was recorded, also across crashes of ours', async () => {
  const history = historyIn(await story());
  const verifier = new Verifier(history);
  const seen = [...foldSteps(history)].map((step) => verifier.check(step));
  expect(new Set(seen.map(({ is }) => is))).toEqual(new Set(['same']));
  expect(seen.length).toBeGreaterThan(200);
});

describe('an entry that was changed afterwards is named:', () => {
  const changes: readonly (readonly [string, Divergence['what'], (entry: Entry) => Partial<Entry>])[] = [
    ['its event', 'value', () => ({ event: { type: 'timer.kill' } })],
    ['its state', 'value', () => ({ value: 'idle-stalled' })],
    ['its changes', 'patch', ({ patch }) => ({ patch: { ...patch, why: 'somebody wrote this' } })],
    ['its commands', 'commands', ({ commands }) => ({ commands: [...commands, { type: 'launch' }] })],
    ['its hash', 'hash', () => ({ stateHash: 'another' })],
  ];

  test.each(changes)('%s', async (_name, what, change) => {
    const history = historyIn(await story({ rounds: 10 }));
    const target = [...history.entries({ unitId: 'flaky' })].find(({ event }) => event.type === 'run.exited')!.seq;
    const [first] = divergencesIn(
      changed(history, (entry) => (entry.seq === target ? { ...entry, ...change(entry) } : entry)),
    );
    const { seq, unitId, sameCode } = first ?? {};
    expect({ seq, unitId, sameCode, what: first?.what }).toEqual({
      seq: target,
      unitId: 'flaky',
      sameCode: true,
      what,
    });
  });

  test('with what was expected, what was found, and where they differ', async () => {
    const history = historyIn(await story({ rounds: 10 }));
    const target = [...history.entries({ unitId: 'flaky' })].find(({ event }) => event.type === 'run.exited')!;
    const value = { reaped: 'settled' } as const;
    const [first] = divergencesIn(
      changed(history, (entry) => (entry.seq === target.seq ? { ...entry, value } : entry)),
    );
    expect(first).toEqual({
      unitId: 'flaky',
      seq: target.seq,
      aseq: target.aseq,
      event: 'run.exited',
      what: 'value',
      sameCode: true,
      expected: value,
      found: target.value,
      differences: [
        { path: 'reaped', before: 'settled', after: undefined },
        { path: 'stopping', before: undefined, after: { sweeping: 'terminating' } },
      ],
      message:
        `"flaky", entry ${target.seq} (run.exited): recorded state {"reaped":"settled"}, ` +
        'the machine gives {"stopping":{"sweeping":"terminating"}}',
    });
  });

  test('even if its hash was made to fit', async () => {
    const history = historyIn(await story({ rounds: 10 }));
    const [victim] = [...foldSteps(history, { unitId: 'build' })].slice(2);
    const forged = { ...victim!.entry, patch: { ...victim!.entry.patch, restarts: 7 } };
    forged.stateHash = stateHash(forged.value, { ...victim!.after!.context, restarts: 7 });
    const found = divergencesIn(changed(history, (entry) => (entry.seq === forged.seq ? forged : entry)));
    expect(found[0]).toMatchObject({ seq: forged.seq, what: 'patch', differences: [{ path: 'restarts', before: 7 }] });
  });
});

describe('a changed machine', () => {
  const impatient = serverMachine.provide({ guards: { policyRestarts: () => false } });

  test('differs at every entry that it decides otherwise, and goes on from what was recorded', async () => {
    const sim = await Simulation.open({
      units: [aServer('api', { ready: null, restart: 'always' })],
      behaviours: { api: { diesAfterMs: 50, exit: { code: 3 } } },
    });
    sim.ask('api', 'start');
    for (let step = 0; step < 8; step++) await sim.advance(400);
    const history = historyIn(sim);
    const swept = [...history.entries()].filter(({ event }) => event.type === 'run.swept').map(({ seq }) => seq);
    expect(swept.length).toBeGreaterThan(2);
    // Every death is decided on its own: one that was decided otherwise does not make the next one differ.
    expect(divergencesIn(history, { server: impatient }).map(({ seq }) => seq)).toEqual(swept);
    expect(divergencesIn(history)).toEqual([]);
  });

  test('that throws is a divergence, too, and so is one that has no such state', async () => {
    const history = historyIn(await story({ rounds: 3 }));
    const empty = setup({}).createMachine({ id: 'server', version: '9', initial: 'nowhere', states: { nowhere: {} } });
    const [first] = divergencesIn(history, { server: empty });
    expect(first).toMatchObject({ what: 'fault', sameCode: false, unitId: 'db' });
    expect(first?.message).toContain('the machine cannot take it');
  });
});

test('a unit that was replaced is verified by the spec that it had then', async () => {
  const sim = await Simulation.open({
    units: [aServer('api', { ready: null, restart: 'always' })],
    behaviours: { api: { diesAfterMs: 50, exit: { code: 3 } } },
  });
  sim.ask('api', 'start');
  await sim.advance(400);
  sim.ask('api', 'stop');
  await sim.advance(6_000);
  sim.orchestrator.add([aServer('api', { ready: null, restart: 'never' })]);
  sim.ask('api', 'start');
  await sim.advance(400);
  const history = historyIn(sim);
  const verifier = new Verifier(history);
  expect([...foldSteps(history)].map((step) => verifier.check(step).is)).not.toContain('different');
  expect([...foldSteps(history)].map((step) => new Verifier(history).check(step).is)).not.toContain('unknown');
});

test('values of an environment are in no history', async () => {
  const sim = await story({ rounds: 2 });
  const text = JSON.stringify([...sim.store.journal()]) + JSON.stringify(historyIn(sim).header.specs);
  expect([text.includes('swordfish'), text.includes('PGPASSWORD')]).toEqual([false, true]);
});
