import type { Behaviours } from '../../src/adapters/simulation/behaviour.ts';
import { Simulation } from '../../src/testing/simulation.ts';
import { chance, oneOf } from '../support/chance.ts';
import { aJob, aServer } from '../support/specs.ts';

const EVER = { when: 'always', max: 1_000_000, backoff: { initial: 100, max: 100 } };

/**
 * Wishes that contradict each other, deaths, idleness, a queue, looks of heal and crashes of ours, in any order and at
 * any distance; and then one last wish for every unit. Whatever came before, the end is the one that these ask for.
 */
const UNITS = [
  aServer('web', { alive: { tcp: 1, every: 1_000 }, restart: EVER, idle: { after: 500, then: 'report' } }),
  aServer('lazy', { ready: null, restart: EVER, idle: { after: 400, then: 'stop' } }),
  aJob('build', { queue: 'q' }),
  aJob('pack', { queue: 'q', after: { web: 'running' }, retry: { max: 1, backoff: { initial: 50 } } }),
];
const BEHAVIOURS: Behaviours = {
  web: { quietAfterMs: 900, readyAfterMs: 50, onTerminate: { afterMs: 120 } },
  lazy: { quietAfterMs: 200 },
  build: { diesAfterMs: 300, launch: { afterMs: 20 } },
  pack: { diesAfterMs: 200, strays: 1 },
};
const DEEDS = [
  ...(['start', 'start', 'start', 'stop', 'stop', 'restart', 'restart', 'kill', 'kill', 'heal', 'crash'] as const),
];
const PAUSES_MS = [null, null, 0, 0, 1, 60, 250, 900];
/** All that is still to come in a world where nobody asks for anything. */
const CALM_MS = 3_000;

type Last = Readonly<Record<string, 'start' | 'stop'>>;

export const ROUNDS = 40;

/** Lives through so many of them, one after the other. @returns What was wrong, in words. */
export async function interleave(seed: number, rounds = ROUNDS): Promise<readonly string[]> {
  const random = chance(seed);
  const sim = new Simulation({ behaviours: BEHAVIOURS });
  const faults: string[] = [];
  try {
    await sim.open();
    sim.orchestrator.add(UNITS, {}, { q: { concurrency: 1 } });
    for (let round = 0; round < rounds && faults.length === 0; round++) {
      const seq = sim.store.lastSeq();
      await mix(sim, random);
      const last = await lastWishes(sim, random);
      await sim.advance(CALM_MS);
      faults.push(...atEnd(sim, last), ...saidTwice(sim, seq));
      if (faults.length > 0) faults.push(`seed ${seed}, round ${round}, last ${JSON.stringify(last)}`);
    }
  } finally {
    await sim.close();
  }
  return faults;
}

async function mix(sim: Simulation, random: () => number): Promise<void> {
  for (let left = 3 + Math.floor(random() * 6); left > 0; left--) {
    const { id } = oneOf(UNITS, random);
    const deed = oneOf(DEEDS, random);
    if (deed === 'kill') {
      if (sim.world.alive(id)) sim.world.kill(id, 'SIGKILL');
    } else if (deed === 'heal') {
      void sim.orchestrator.healer.heal();
    } else if (deed === 'crash') {
      sim.crash();
      await sim.open();
    } else {
      sim.ask(id, deed);
    }
    await pass(sim, random);
  }
}

async function lastWishes(sim: Simulation, random: () => number): Promise<Last> {
  const last: Record<string, 'start' | 'stop'> = {};
  for (const { id } of UNITS.toSorted(() => random() - 0.5)) {
    const wish = random() < 0.6 ? 'start' : 'stop';
    last[id] = wish;
    sim.ask(id, wish);
    await pass(sim, random);
  }
  return last;
}

/** `null`: what comes next comes in the same tick. */
async function pass(sim: Simulation, random: () => number): Promise<void> {
  const ms = oneOf(PAUSES_MS, random);
  if (ms !== null) await sim.advance(ms);
}

function atEnd(sim: Simulation, last: Last): readonly string[] {
  const settled = { reaped: 'settled' };
  const units = [...sim.orchestrator.registry.units()];
  const found = Object.fromEntries(units.map(({ id, snapshot }) => [id, snapshot.value]));
  // Whether it had begun before what it needs was stopped is a matter of the order.
  const packWaits = last.pack === 'start' && last.web === 'stop' && 'spawning' in (found.pack as object);
  const wanted = {
    web: last.web === 'start' ? 'idle-stalled' : settled,
    // It is started, and has nothing to do.
    lazy: settled,
    build: settled,
    pack: packWaits ? { spawning: 'waiting' } : settled,
  };
  const outcomes = ['build', 'pack'].map((id) => sim.store.runs(id)[0]?.outcome?.kind);
  const isDone = [last.build === 'start', last.pack === 'start' && !packWaits];
  // What nobody has ever started may be started yet.
  const mayCome = packWaits && sim.store.runs('web').length === 0;
  const unanswered = sim.asked.filter(
    ({ life, answer, unit }) => life === sim.lives && answer === 'waiting' && !(mayCome && unit === 'pack'),
  );
  const alive = sim.world.pidsAlive().length;
  return [
    ...differs('states', found, wanted),
    ...outcomes.flatMap((kind, index) => (isDone[index] && kind !== 'finished' ? [`a job is ${kind}`] : [])),
    ...unanswered.map(({ what, unit }) => `the ${what} of ${unit} was never answered`),
    ...differs('processes', alive, last.web === 'start' ? 1 : 0),
    ...differs('open runs', sim.store.openRuns().length, alive),
    ...differs('launches in the outbox', sim.store.outbox().length, 0),
    ...differs('timers', last.web === 'start' ? [] : sim.store.timers(), []),
    ...sim.world.violations,
  ];
}

const differs = (what: string, found: unknown, wanted: unknown): readonly string[] =>
  JSON.stringify(found) === JSON.stringify(wanted)
    ? []
    : [`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];

/** More than one reply to a request, or more than one outcome of a run, since an entry. */
function saidTwice(sim: Simulation, afterSeq: number): readonly string[] {
  const said = new Set<string>();
  const twice: string[] = [];
  for (const { commands, seq } of sim.store.journal({ afterSeq })) {
    for (const command of commands) {
      const { type } = command;
      if (type !== 'reply' && type !== 'recordOutcome') continue;
      const name = type === 'reply' ? `reply to ${command.params.requestId}` : `outcome of ${command.params.runId}`;
      if (said.has(name)) twice.push(`entry ${seq}: a second ${name}`);
      said.add(name);
    }
  }
  return twice;
}
