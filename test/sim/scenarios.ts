import * as fc from 'fast-check';
import type { Behaviour, Reaction } from '../../src/adapters/simulation/behaviour.ts';
import type { Step } from '../../src/testing/steps.ts';
import { SECRET, type SimScenario, type UnitText } from './scenario.ts';
import type { Deed, Swarm } from './swarm.ts';

const LENGTHS_MS = [0, 1, 40, 400, 3_000, 20_000] as const;
const length = fc.constantFrom(...LENGTHS_MS);
const SIGNALS = ['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGINT'] as const;

/** What a seed's swarm may do. Small scenarios come first, so that a failure shrinks to what it needs. */
export function scenarios(swarm: Swarm): fc.Arbitrary<SimScenario> {
  const isTouched = swarm.weights.has('touch');
  return fc.integer({ min: 1, max: swarm.unitsMax }).chain((count) => {
    const ids = Array.from({ length: count }, (_, index) => `u${index}`);
    return fc.record({
      units: fc.tuple(...ids.map((id, index) => unit(id, ids.slice(0, index), isTouched && index === count - 1))),
      groups: fc.record({ g: fc.record({ strategy: fc.constantFrom('one-for-one', 'rest-for-one', 'one-for-all') }) }),
      queues: fc.record({ q: fc.record({ concurrency: fc.constantFrom(1, 1, 2) }) }),
      behaviours: swarm.isCalm
        ? fc.constant({})
        : fc.dictionary(fc.constantFrom(...ids), fc.array(behaviour, { minLength: 1, maxLength: 3 })),
      steps: fc.array(step(swarm, ids), { minLength: 3, maxLength: swarm.stepsMax, size: 'max' }),
      pidsMax: fc.constant(swarm.pidsMax),
      onFile: fc.constant(swarm.onFile),
    });
  }) as fc.Arbitrary<SimScenario>;
}

/** Waits for units before it only, so that nobody waits in a circle. */
function unit(id: string, earlier: readonly string[], watches: boolean): fc.Arbitrary<UnitText> {
  const some = (values: readonly string[]) =>
    values.length === 0 ? fc.constant([]) : fc.subarray([...values], { maxLength: Math.min(2, values.length) });
  const after = some(earlier).chain((needed) =>
    fc
      .tuple(...needed.map(() => fc.constantFrom('running', 'ready', 'finished', 'reaped', 'log:/^up$/')))
      .map((requirements) => Object.fromEntries(needed.map((one, index) => [one, requirements[index]]))),
  );
  const common = { id: fc.constant(id), after, group: fc.option(fc.constant('g'), { freq: 3 }) };
  const process = {
    ...common,
    command: fc.constant(['a']),
    stop: fc.record({
      ask: fc.option(fc.constant({ exec: ['ask'] }), { freq: 3 }),
      grace: fc.constantFrom(0, 50, 1_000, 5_000),
    }),
    keepDescendants: fc.boolean(),
    idle: fc.option(
      fc.constantFrom({ after: 700, then: 'report' }, { after: 900, then: 'stop' }, { after: 60_000, then: 'restart' }),
      { freq: 2 },
    ),
    ready: fc.option(fc.constantFrom(PROBE, { ...PROBE, within: 2_000 }), { freq: 2 }),
  };
  const server = fc.record({
    ...process,
    kind: fc.constant('server' as const),
    restart: restart(),
    alive: fc.option(fc.constantFrom({ tcp: 1, every: 2_000, failures: 3 }, { tcp: 1, every: 300, failures: 1 })),
  });
  const job = fc.record({
    ...process,
    kind: fc.constant('job' as const),
    retry: fc.record({ max: fc.constantFrom(0, 2) }),
    timeout: fc.constantFrom(300, 4_000, 3_600_000),
    queue: fc.option(fc.constant('q'), { freq: 3 }),
    priority: fc.constantFrom(0, 0, 1),
    delay: fc.constantFrom(0, 0, 400, 20_000),
  });
  const watcher = fc.record({
    ...common,
    kind: fc.constant('watcher' as const),
    files: fc.constant(['*.ts']),
    debounce: fc.constantFrom(0, 100),
    then: fc.record({
      restart: fc.subarray([...earlier], { minLength: Math.min(1, earlier.length) }),
      start: some(earlier),
      stop: some(earlier),
    }),
  });
  const acting = earlier.length === 0 ? [] : [{ weight: watches ? 10 : 1, arbitrary: watcher }];
  return fc.oneof({ weight: 5, arbitrary: server }, { weight: 4, arbitrary: job }, ...acting).map(pruned);
}

const PROBE = { tcp: 1, every: 500, within: 30_000 } as const;

const restart = () =>
  fc.record({
    when: fc.constantFrom('failure', 'always', 'never'),
    max: fc.constantFrom(0, 2, 50),
    backoff: fc.constantFrom({ initial: 200, max: 30_000 }, { initial: 0, max: 0 }, { initial: 5_000, max: 5_000 }),
    stableAfter: fc.constantFrom(1_000, 10_000),
  });

function pruned(text: object): UnitText {
  const kept = Object.entries(text).filter(([, value]) => value !== null);
  return Object.fromEntries(kept) as unknown as UnitText;
}

const reaction: fc.Arbitrary<Reaction> = fc.oneof(
  fc.constantFrom<Reaction>('dies', 'ignores'),
  fc.record({ afterMs: length }),
);
const launch: fc.Arbitrary<NonNullable<Behaviour['launch']>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant('ok' as const) },
  { weight: 1, arbitrary: fc.constantFrom('hangs' as const, 'hangs-claimed' as const) },
  { weight: 2, arbitrary: fc.record({ afterMs: length }) },
  {
    weight: 1,
    arbitrary: fc.boolean().map((resource) => ({
      fails: { code: 'SpawnRefused', message: `it says ${SECRET}`, hint: '' },
      resource,
    })),
  },
);
const behaviour: fc.Arbitrary<Behaviour> = fc
  .record(
    {
      launch,
      readyAfterMs: fc.option(length),
      diesAfterMs: fc.option(length),
      quietAfterMs: fc.option(length),
      prints: fc.record({ line: fc.constantFrom('up', 'down'), afterMs: length }),
      exit: fc.oneof(
        fc.record({ code: fc.constantFrom(0, 1, 137) }),
        fc.record({ signal: fc.constantFrom(...SIGNALS) }),
      ),
      onAsk: reaction,
      onTerminate: reaction,
      strays: fc.constantFrom(1, 2),
      strayTermDeaf: fc.constant(true),
      strayKillDeaf: fc.constant(true),
      complaint: fc.constant(`unhealthy: ${SECRET}`),
    },
    { requiredKeys: [] },
  )
  // Whatever is to come to rest must end some day by itself, or when it is killed.
  .map(({ strayKillDeaf, ...rest }) => (strayKillDeaf && rest.strays ? { ...rest, strayKillDeaf } : rest));

function step(swarm: Swarm, ids: readonly string[]): fc.Arbitrary<Step> {
  const weighted = [...swarm.weights].map(([deed, weight]) => ({ weight, arbitrary: deedOf(deed, swarm, ids) }));
  const wait = fc.constantFrom(...swarm.waitsMs);
  return fc.tuple(wait, fc.oneof(...weighted)).map(([ms, done]) => (ms === 0 ? done : { wait: ms, ...done }) as Step);
}

function deedOf(deed: Deed, { calls, troubles }: Swarm, ids: readonly string[]): fc.Arbitrary<Step> {
  const unit = fc.constantFrom(...ids);
  // What watches is the last one, if any does.
  const last = fc.constantFrom(ids.at(-1));
  const does = fc.constant(deed);
  switch (deed) {
    case 'up':
    case 'down':
      return fc.record({ do: does }) as fc.Arbitrary<Step>;
    case 'kill':
      return fc.record({ do: does, unit, signal: fc.constantFrom(...SIGNALS) }) as fc.Arbitrary<Step>;
    case 'say':
      return fc.record({ do: does, unit, saying: sayings }) as fc.Arbitrary<Step>;
    case 'touch':
      return fc.record({ do: does, unit: last, what: fc.constant([`${SECRET}.ts`]) }) as fc.Arbitrary<Step>;
    case 'crash': {
      const code = fc.constantFrom('same', 'newer');
      const crash = { do: does, after: fc.nat({ max: 30 }), downMs: length, code, effects: fc.nat({ max: 40 }) };
      return fc.record(crash, { requiredKeys: ['do', 'downMs', 'code'] }) as fc.Arbitrary<Step>;
    }
    case 'leave':
      return fc.record({ do: does, downMs: length }) as fc.Arbitrary<Step>;
    case 'reboot':
      return fc.record({ do: does, offMs: length }) as fc.Arbitrary<Step>;
    case 'jump':
      return fc.record({ do: does, ms: fc.constantFrom(-86_400_000, -5_000, 5_000, 86_400_000) }) as fc.Arbitrary<Step>;
    case 'suspend':
      return fc.record({ do: does, ms: fc.constantFrom(5_000, 28_800_000) }) as fc.Arbitrary<Step>;
    case 'stall':
    case 'lag':
      return fc.record({ do: does, ms: fc.constantFrom(0, 30, 900) }) as fc.Arbitrary<Step>;
    case 'disk': {
      const disk = { do: does, full: fc.boolean(), failures: fc.nat({ max: 3 }), commitMs: fc.constantFrom(0, 20) };
      return fc.record(disk, { requiredKeys: ['do'] }) as fc.Arbitrary<Step>;
    }
    case 'crowd':
      return fc.record({ do: does, count: fc.nat({ max: 4 }), stayMs: length }) as fc.Arbitrary<Step>;
    case 'fault':
      return fault(calls, troubles);
    default:
      return fc.record({ do: does, unit }) as fc.Arbitrary<Step>;
  }
}

const sayings = fc.constantFrom(
  { type: 'run.progressed', text: `starting with ${SECRET}` },
  { type: 'run.blocked', on: `a password: ${SECRET}` },
  { type: 'run.blocked', on: null },
  { type: 'activity.ceased', sinceMs: 0 },
  { type: 'activity.resumed', text: `it writes ${SECRET}` },
);

/** Only what is said can be said twice. */
function fault(calls: Swarm['calls'], troubles: Swarm['troubles']): fc.Arbitrary<Step> {
  const of = (call: string) => (call === 'report' ? ['twice'] : troubles.filter((how) => how !== 'twice'));
  const pairs = calls.flatMap((call) => of(call).map((how) => ({ do: 'fault', call, how })));
  const known = pairs.length > 0 ? pairs : [{ do: 'fault', call: 'report', how: 'twice' }];
  return fc
    .tuple(fc.constantFrom(...known), fc.integer({ min: 1, max: 4 }))
    .map(([pair, times]) => ({ ...pair, times }) as Step);
}
