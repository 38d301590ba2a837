import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../../src/adapters/simulation/behaviour.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

type Ask = 'start' | 'stop' | 'restart' | 'terminate';

/** Where the first request is made. Each is a state that a unit really stays in. */
const SITUATIONS: Record<string, { readonly behaviour: Behaviour; readonly before: readonly Ask[] }> = {
  'never started': { behaviour: {}, before: [] },
  launching: { behaviour: { launch: { afterMs: 50 } }, before: ['start'] },
  'waiting for health': { behaviour: { readyAfterMs: 50 }, before: ['start'] },
  running: { behaviour: {}, before: ['start'] },
  stopping: { behaviour: { onTerminate: { afterMs: 50 } }, before: ['start', 'stop'] },
};

/**
 * Each request gets exactly one reply; of two contrary ones the later wins (I6).
 *
 * [situation, requests in order, what each is answered, whether it is up at the end, how many launches it took]
 */
const TABLE: readonly (readonly [keyof typeof SITUATIONS, readonly Ask[], readonly string[], boolean, number])[] = [
  ['never started', ['stop'], ['done'], false, 0],
  ['never started', ['start', 'start'], ['done', 'done'], true, 1],
  ['never started', ['start', 'stop'], ['Superseded', 'done'], false, 1],
  ['never started', ['restart'], ['done'], true, 1],
  ['never started', ['terminate'], ['done'], false, 0],
  ['launching', ['stop'], ['done'], false, 1],
  ['launching', ['stop', 'stop'], ['done', 'done'], false, 1],
  ['launching', ['stop', 'start'], ['Superseded', 'done'], true, 1],
  ['launching', ['restart'], ['done'], true, 1],
  ['launching', ['terminate'], ['done'], false, 1],
  ['waiting for health', ['stop'], ['done'], false, 1],
  ['waiting for health', ['start'], ['done'], true, 1],
  ['waiting for health', ['stop', 'start'], ['Superseded', 'done'], true, 2],
  ['waiting for health', ['restart'], ['done'], true, 2],
  ['running', ['start'], ['done'], true, 1],
  ['running', ['stop', 'stop'], ['done', 'done'], false, 1],
  ['running', ['stop', 'restart'], ['Superseded', 'done'], true, 2],
  ['running', ['restart', 'restart'], ['done', 'done'], true, 2],
  ['running', ['restart', 'stop'], ['Superseded', 'done'], false, 1],
  ['running', ['stop', 'start', 'stop'], ['Superseded', 'Superseded', 'done'], false, 1],
  ['stopping', ['restart'], ['done'], true, 2],
  ['stopping', ['start', 'stop'], ['Superseded', 'done'], false, 1],
  ['stopping', ['terminate'], ['done'], false, 1],
  ['running', ['terminate', 'start'], ['done', 'BeingRemoved'], false, 1],
];

describe('requests', () => {
  test.each(TABLE)('%s, then %j: answered %j', async (situation, asks, answers, isUp, launches) => {
    const { behaviour, before } = SITUATIONS[situation]!;
    const sim = await Simulation.open({ units: [aServer('api')], behaviours: { api: behaviour } });
    for (const one of before) {
      sim.ask('api', one);
      await sim.settle();
    }
    const asked = asks.map((one) => sim.ask('api', one));
    await sim.settle();
    await sim.advance(1_000);

    const replies = sim.entries.flatMap(({ commands }) => commands.filter(({ type }) => type === 'reply'));
    const requestIds = replies.map((reply) => (reply.type === 'reply' ? reply.params.requestId : ''));
    expect({
      answers: asked.map(({ answer }) => answer),
      isUp: sim.world.pidsAlive().length === 1,
      launches: sim.world.launches.length,
      answeredTwice: requestIds.length - new Set(requestIds).size,
    }).toEqual({ answers, isUp, launches, answeredTwice: 0 });
  });

  test('an exit while it is being stopped is the end of that stop, not a crash', async () => {
    const behaviours = { api: { onTerminate: 'ignores' as const } };
    const sim = await Simulation.open({ units: [aServer('api')], behaviours });
    sim.ask('api', 'start');
    await sim.settle();
    const stopped = sim.ask('api', 'stop');
    await sim.settle();
    sim.world.kill('api', 'SIGKILL');
    await sim.settle();
    expect([stopped.answer, sim.store.runs('api')[0]?.outcome?.kind]).toEqual(['done', 'stopped']);
  });

  test('a late fact of an earlier run is recorded, and changes nothing', async () => {
    const sim = await Simulation.open({ units: [aServer('api')] });
    sim.ask('api', 'start');
    await sim.settle();
    sim.ask('api', 'restart');
    await sim.settle();
    const before = sim.orchestrator.registry.get('api')?.snapshot;
    const exit = { code: 1, signal: null, rawStatus: 1, certain: true, endedMs: 0 };
    sim.orchestrator.recorder.accept('api', { type: 'run.exited', generation: 1, exit });
    await sim.settle();
    expect(sim.orchestrator.registry.get('api')?.snapshot).toBe(before);
    expect(sim.entries.at(-1)).toMatchObject({ event: { type: 'run.exited', generation: 1 }, patch: {}, commands: [] });
  });

  test.each(['stop', 'terminate'] as const)('nor does one of a unit of the same name, after %s', async (end) => {
    const sim = await Simulation.open({ units: [aServer('api')] });
    await sim.up();
    sim.ask('api', end);
    await sim.settle();
    sim.orchestrator.add([aServer('api', { restart: 'always' })]);
    await sim.up();
    sim.orchestrator.recorder.accept('api', { type: 'run.lost', generation: 1, endedMs: 0 });
    await sim.settle();
    expect([sim.value('api'), sim.store.openRuns().length]).toEqual([{ running: 'healthy' }, 1]);
  });

  test('a unit that does not exist is told so', async () => {
    const sim = await Simulation.open({ units: [] });
    const asked = sim.ask('ghost', 'start');
    await sim.settle();
    expect(asked.answer).toBe('UnknownUnit');
  });
});
