import { describe, expect, test } from 'vitest';
import { type Fork, fork, type Trace } from '../../src/index.ts';
import { serverMachine } from '../../src/machines/life.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';
import { story } from '../support/story.ts';
import { historyIn, linesOf, openedTrace, traceFile } from '../support/traces.ts';

const traceOf = async (sim: Simulation): Promise<Trace> => openedTrace(traceFile(linesOf(historyIn(sim))));

/** A server that dies with code 3 after a while, comes back, and is stopped in the end. */
async function flapping(): Promise<Trace> {
  const sim = await Simulation.open({
    units: [aServer('api', { ready: null, restart: { when: 'failure', backoff: { initial: '100ms', max: '100ms' } } })],
    behaviours: { api: { diesAfterMs: 500, exit: { code: 3 } } },
  });
  sim.ask('api', 'start');
  for (let step = 0; step < 10; step++) await sim.advance(100);
  sim.ask('api', 'stop');
  await sim.advance(6_000);
  return traceOf(sim);
}

const seqOf = async (trace: Trace, type: string, nth = 0): Promise<number> => {
  const found: number[] = [];
  for await (const { seq, event } of trace.entries()) if (event.type === type) found.push(seq);
  return found[nth]!;
};

const typesOf = ({ forked }: Fork): readonly string[] => forked.map(({ event }) => event.type);

test('a fork in which nothing is edited is what was recorded, from wherever it begins', async () => {
  const trace = await traceOf(await story());
  for (let from = 1; from < trace.lastSeq; from += 9) {
    const { recorded, forked, partings, ends, unanswered, faults } = fork(trace, { from });
    expect({ from, partings, ends, unanswered, faults }).toEqual({
      from,
      partings: [],
      ends: [],
      unanswered: [],
      faults: [],
    });
    expect(forked.map(({ seq }) => seq)).toEqual(recorded.map(({ seq }) => seq));
  }
});

describe('a fork', () => {
  test('with another exit code leads elsewhere, and says where it parts', async () => {
    const trace = await flapping();
    const seq = await seqOf(trace, 'run.exited');
    const { event } = trace.entry(seq)!;
    if (event.type !== 'run.exited') throw new Error('that is another entry');
    const well = { ...event, exit: { ...event.exit, code: 0, rawStatus: 0 } };
    const forked = fork(trace, { edits: [{ seq, event: JSON.parse(JSON.stringify(well)) }] });
    expect(forked.partings).toMatchObject([{ unitId: 'api', recorded: { seq }, forked: { seq } }]);
    expect(forked.partings[0]?.differences.map(({ path }) => path)).toContain('event.exit.code');
    // It is at rest then: nothing was launched again, so nothing could answer.
    expect(typesOf(forked)).not.toContain('timer.backoff');
    expect(forked.unanswered.map(({ event: { type } }) => type)).toContain('run.launched');
    expect(forked.provenance).toEqual({
      path: trace.path,
      project: 'test',
      from: seq,
      to: trace.lastSeq,
      edits: [{ seq, event: JSON.parse(JSON.stringify(well)) }],
      otherMachines: false,
    });
  });

  test('without a death goes on running, until it is stopped', async () => {
    const trace = await flapping();
    const forked = fork(trace, { edits: [{ seq: await seqOf(trace, 'run.exited'), drop: true }] });
    expect(typesOf(forked).slice(0, 3)).not.toContain('timer.backoff');
    expect(forked.forked.find(({ event }) => event.type === 'stop.requested')?.value).toEqual({
      stopping: 'terminating',
    });
  });

  test('in which nobody says how it ended goes by its own timers, in their time', async () => {
    const trace = await flapping();
    const stop = await seqOf(trace, 'stop.requested');
    const last = await seqOf(trace, 'run.exited', 1);
    const { forked, faults } = fork(trace, { edits: [{ seq: last, drop: true }], runOnMs: 11_000 });
    const askedMs = trace.entry(stop)!.monoMs;
    const waits = forked.flatMap(({ event, monoMs }) =>
      event.type.startsWith('timer.') ? [[event.type, monoMs - askedMs]] : [],
    );
    expect(faults).toEqual([]);
    expect(waits).toEqual([
      ['timer.grace', 5_000],
      ['timer.kill', 10_000],
    ]);
  });

  test('with a request more is stopped by it', async () => {
    const trace = await flapping();
    const seq = await seqOf(trace, 'run.exited');
    const event = { type: 'stop.requested', requestId: null, by: 'what if' };
    const forked = fork(trace, { edits: [{ seq, insert: { unit: 'api', event } }] });
    const [first, second] = forked.forked;
    expect([first?.event, first?.value]).toEqual([event, { stopping: 'terminating' }]);
    // The death that came by itself is then taken for the one that was asked for.
    expect(second?.patch).toMatchObject({ outcome: { kind: 'stopped', by: 'what if', code: 3 } });
  });

  test('with a request at another time answers to it then', async () => {
    const trace = await flapping();
    const [stop, exit] = [await seqOf(trace, 'stop.requested'), await seqOf(trace, 'run.exited')];
    const forked = fork(trace, { edits: [{ seq: stop, moveTo: exit }] });
    expect(typesOf(forked)[0]).toBe('stop.requested');
    expect(forked.forked[0]?.monoMs).toBe(trace.entry(exit)?.monoMs);
  });

  test('under another machine shows what that would have done', async () => {
    const trace = await flapping();
    const server = serverMachine.provide({ guards: { policyRestarts: () => false } });
    const forked = fork(trace, { machines: { server } });
    expect(forked.partings).toMatchObject([{ unitId: 'api', recorded: { event: { type: 'run.swept' } } }]);
    expect(forked.partings[0]?.forked?.value).toEqual({ reaped: 'settled' });
  });

  test('reaches others, through whoever depends on the unit', async () => {
    const sim = await Simulation.open({ units: [aServer('db'), aServer('api', { after: { db: 'ready' } })] });
    await sim.up();
    await sim.advance(1_000);
    const trace = await traceOf(sim);
    const ready = await seqOf(trace, 'probe.passed');
    const { ends, unanswered } = fork(trace, { edits: [{ seq: ready, drop: true }] });
    expect(ends).toEqual([
      { unitId: 'db', recorded: 'running.healthy', forked: 'waiting-health' },
      { unitId: 'api', recorded: 'running.healthy', forked: 'spawning.waiting' },
    ]);
    expect(unanswered.length).toBeGreaterThan(0);
  });

  test('across a restart of ours has the groups of each session, and waits their full length again', async () => {
    const sim = await Simulation.open({
      units: [aServer('db', { group: 'back', ready: { tcp: 1, within: '30s' } }), aServer('api', { group: 'back' })],
      groups: { back: { strategy: 'one-for-all' } },
      behaviours: { db: { readyAfterMs: 4_000 } },
    });
    await sim.up();
    sim.world.kill('api', 'SIGSEGV');
    await sim.advance(1_000);
    sim.crash();
    await sim.open();
    sim.orchestrator.add([], { back: { strategy: 'one-for-one' } });
    await sim.advance(1_000);
    sim.world.kill('api', 'SIGSEGV');
    await sim.advance(6_000);
    const trace = await traceOf(sim);
    expect(fork(trace, { from: 1 }).partings).toEqual([]);

    const restarted = trace.entry(await seqOf(trace, 'unit.added', 3))!;
    const passed: number[] = [];
    for await (const { seq, event, unitId } of trace.entries({ from: restarted.seq })) {
      if (unitId === 'db' && event.type === 'probe.passed') passed.push(seq);
    }
    const edits = passed.map((seq) => ({ seq, drop: true as const }));
    const { forked } = fork(trace, { from: restarted.seq, edits, runOnMs: 40_000 });
    const deadline = forked.find(({ event }) => event.type === 'timer.start');
    expect(deadline?.monoMs).toBe(restarted.monoMs + 30_000);
  });

  test('lets a timer fire when it is recorded to have fired, which is later than it was due', async () => {
    const backoff = { initial: '100ms', max: '100ms' };
    const sim = await Simulation.open({
      units: [aServer('api', { ready: null, restart: { when: 'failure', backoff } }), aServer('other')],
      behaviours: { api: { diesAfterMs: 500, exit: { code: 3 } } },
    });
    sim.ask('api', 'start');
    await sim.advance(501);
    const due = sim.store.timers().find(({ timer }) => timer === 'backoff')!.dueMonoMs;
    await sim.advance(due - sim.clock.monoMs() - 1);
    const first = sim.store.lastSeq() + 1;
    sim.ask('other', 'start');
    await sim.advance(50);
    // As on a busy machine: from here on all of it comes two milliseconds later, and so does the timer.
    const late = linesOf(historyIn(sim)).map((line) => {
      const { atMs, monoMs, ...entry } = JSON.parse(line);
      const isLate = 'aseq' in entry && entry.seq >= first;
      return isLate ? `${JSON.stringify({ ...entry, atMs: atMs + 2, monoMs: monoMs + 2 })}\n` : line;
    });
    const trace = await openedTrace(traceFile(late), { allowDamaged: true });
    const { recorded, forked } = fork(trace, { from: 1 });
    const order = (entries: Fork['forked']) => entries.map(({ unitId, event, monoMs }) => [unitId, event.type, monoMs]);
    expect(order(forked)).toEqual(order(recorded));
  });

  test('of what follows by itself, or of what is not there, is refused in words', async () => {
    const trace = await traceOf(await story({ rounds: 3 }));
    expect(() => fork(trace, { edits: [{ seq: 8, drop: true }], from: 7 })).toThrow(
      'Entry 8 follows from entry 7 by itself',
    );
    expect(() => fork(trace, { edits: [{ seq: 99_999, drop: true }] })).toThrow('no entry 99999 to edit');
    expect(() => fork(trace, { edits: [{ seq: 7, event: 'stop' }] })).toThrow('an object with a "type", not "stop"');
  });
});
