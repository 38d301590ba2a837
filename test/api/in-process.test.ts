import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type JobContext, type JobFunction, job, openReeve, type Reeve, verify } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { openedTrace } from '../support/traces.ts';
import { eventually } from '../support/waiting.ts';

const reeveHere = (): Promise<Reeve> => opened({ stateDir: temporaryDirectory() });
const never = (): Promise<never> => new Promise(() => {});
/** Ends when it is told to, as a function should. */
const untilTold = ({ signal }: JobContext) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** What the journal says of a unit, by type. */
async function typesOf(reeve: Reeve, unit: string): Promise<readonly string[]> {
  const types: string[] = [];
  for await (const { event } of reeve.journal({ unit })) types.push(event.type);
  return types;
}

describe('a job that is a function', () => {
  test('has its value stored with the end that tells of it, like the end of any run', async () => {
    const reeve = await reeveHere();
    const result = await reeve.run(job({ id: 'index', run: async ({ attempt }) => ({ attempt, of: [1, null] }) }));
    expectTypeOf(result.value).toEqualTypeOf<{ attempt: number; of: (number | null)[] } | undefined>();
    expect(result).toMatchObject({ outcome: 'finished', code: 0, value: { attempt: 1, of: [1, null] }, attempts: 1 });
    expect(await typesOf(reeve, 'index')).toEqual([
      'unit.added',
      'start.requested',
      'run.launched',
      'run.exited',
      'run.swept',
    ]);
    expect(reeve.unit('index').history()[0]?.outcome?.value).toEqual({ attempt: 1, of: [1, null] });
    expect((await reeve.unit('index').result()).value).toEqual({ attempt: 1, of: [1, null] });
  });

  const thenable: unknown = { then: (resolve: (value: number) => void) => [resolve(1), resolve(2)] };
  const ILL: readonly (readonly [what: string, run: JobFunction, error: string])[] = [
    [
      'throws at once',
      () => {
        throw new TypeError('no such page');
      },
      'no such page',
    ],
    ['rejects', async () => Promise.reject(new Error('later')), 'later'],
    [
      'throws what is no error',
      () => {
        throw { page: 3 };
      },
      '{"page":3}',
    ],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
      'undefined',
    ],
    [
      'throws what cannot be told',
      () => {
        throw {
          toJSON: () => {
            throw new Error('!');
          },
        };
      },
      'something that cannot be put into words',
    ],
    [
      'returns a promise that cannot be read',
      () => ({
        get then(): never {
          throw new Error('unreadable');
        },
      }),
      'unreadable',
    ],
    [
      'returns what cannot be read',
      () => ({
        get page(): never {
          throw new Error('no page');
        },
      }),
      'no page',
    ],
    [
      'returns no JSON',
      () => ({ pages: [new Date(0)] }),
      'What it returned cannot be kept: it.pages[0] is of class Date, which is no JSON.',
    ],
  ];
  test.each(ILL)('that %s has failed, in its own words and no others', async (_, run, error) => {
    const reeve = await reeveHere();
    const result = await reeve.run(job({ id: 'index', run }));
    expect(result).toMatchObject({ outcome: 'failed', code: 1, error });
    expect(result).not.toHaveProperty('value');
    expect(reeve.unit('index').status().why).toBe(error);
  });

  test('that settles twice has the first value', async () => {
    const reeve = await reeveHere();
    expect(await reeve.run(job({ id: 'index', run: () => thenable }))).toMatchObject({ outcome: 'finished', value: 1 });
  });

  test('is tried again as often as it may be, and knows which attempt it is', async () => {
    const reeve = await reeveHere();
    const run = async ({ attempt }: JobContext) => {
      if (attempt < 3) throw new Error(`attempt ${attempt}`);
      return attempt;
    };
    const retry = { max: 2, backoff: { initial: 1 } };
    expect(await reeve.run(job({ id: 'index', run, retry }))).toMatchObject({ attempts: 3, value: 3 });
  });

  test('that takes too long is told so by its signal, and has timed out', async () => {
    const reeve = await reeveHere();
    const run = (context: JobContext) => untilTold(context).catch((reason: Error) => reason.message);
    const result = await reeve.run(job({ id: 'index', run, timeout: 20 }));
    expect(result).toMatchObject({ outcome: 'timed-out', value: '"index" is to end (timed-out).' });
  });

  test('that is stopped may still return what it has', async () => {
    const reeve = await reeveHere();
    const run = (context: JobContext) => untilTold(context).catch(() => 'half of it');
    reeve.add(job({ id: 'index', run }));
    await reeve.unit('index').start();
    await reeve.unit('index').stop();
    expect(await reeve.unit('index').result()).toMatchObject({ outcome: 'stopped', by: 'user', value: 'half of it' });
  });

  test('that does not heed its signal is given up: nothing of it counts, nor does it run beside itself', async () => {
    const reeve = await reeveHere();
    const works: { readonly context: JobContext; end(value: string): void }[] = [];
    const run = (context: JobContext) => {
      context.progress('at work');
      return new Promise<string>((end) => works.push({ context, end }));
    };
    reeve.add(job({ id: 'index', run, timeout: 20, stop: { grace: 20 } }));
    const unit = reeve.unit('index');
    await unit.start();
    expect(await unit.reached('settled', { within: '5s' })).toMatchObject({
      outcome: 'timed-out',
      why: expect.stringMatching(/^these would not end: \d+ \(a function of this program that did not heed its signal/),
    });
    works[0]?.context.progress('all the same');
    expect(unit.status().activity).toBeNull();
    const asked = unit.start();
    expect(
      await eventually(
        () => unit.status(),
        ({ substate }) => substate === 'backoff',
      ),
    ).toMatchObject({
      outcome: 'launch-failed',
      why: expect.stringContaining('An earlier run of "index" still works'),
    });
    works[0]?.end('too late');
    await asked;
    works[1]?.end('in time');
    await unit.reached('settled', { within: '5s' });
    const ends = (await typesOf(reeve, 'index')).filter((type) => type === 'run.exited');
    expect([works.length, ends.length]).toEqual([2, 2]);
    expect(unit.history().flatMap(({ outcome }) => outcome?.value ?? [])).toEqual(['in time']);
  });

  test('tells of its progress as often as it likes, and leaves no entry for it', async () => {
    const reeve = await reeveHere();
    const run = async (context: JobContext) => {
      for (let page = 0; page < 1_000; page++) context.progress({ page });
      return untilTold(context);
    };
    reeve.add(job({ id: 'index', run }));
    await reeve.unit('index').start();
    const status = () => reeve.unit('index').status().activity;
    expect(await eventually(status, (activity) => activity !== null)).toMatchObject({ text: '{"page":999}' });
    expect(await typesOf(reeve, 'index')).toEqual(['unit.added', 'start.requested', 'run.launched']);
  });

  test('is idle when it tells nothing for long, and works again when it does', async () => {
    const reeve = await reeveHere();
    const contexts: JobContext[] = [];
    const run = (context: JobContext) => {
      contexts.push(context);
      return untilTold(context);
    };
    reeve.add(job({ id: 'index', run, idle: { after: 300, then: 'report' } }));
    await reeve.up();
    await reeve.unit('index').reached('idle-stalled', { within: '10s' });
    contexts[0]?.progress('a page');
    expect(await reeve.unit('index').reached('running', { within: '10s' })).toMatchObject({
      activity: { text: 'a page' },
    });
  });

  test('waits for others, and for room, like any job', async () => {
    const order: string[] = [];
    const note = (id: string) => async () => void order.push(id);
    const units = [
      job({ id: 'last', run: note('last'), after: { first: 'finished' } }),
      job({ id: 'low', run: note('low'), queue: 'q' }),
      job({ id: 'first', run: note('first'), queue: 'q', priority: 1 }),
    ];
    const reeve = await opened({ stateDir: temporaryDirectory(), units });
    await reeve.unit('last').reached('finished', { within: '5s' });
    await reeve.unit('low').reached('finished', { within: '5s' });
    expect(order.indexOf('last')).toBeGreaterThan(order.indexOf('first'));
  });

  test('finds what was stored in the asynchronous context where it was given', async () => {
    const reeve = await reeveHere();
    const requests = new AsyncLocalStorage<string>();
    const run = async () => requests.getStore() ?? 'none';
    requests.run('request 7', () => reeve.add(job({ id: 'index', run })));
    await requests.run('another', () => reeve.unit('index').start());
    await reeve.unit('index').reached('settled', { within: '5s' });
    expect(await reeve.unit('index').result()).toMatchObject({ value: 'request 7' });
  });

  test('may come from a program without types, or by way of a plan, and is the same then', async () => {
    const reeve = await reeveHere();
    const untyped = { id: 'index', kind: 'job', run: () => 'untyped' };
    expect(await reeve.run(untyped as never)).toMatchObject({ outcome: 'finished', value: 'untyped' });
    const units = [job({ id: 'index', run: () => 'again' }), job({ id: 'more', run: () => 'planned' })];
    const plan = reeve.plan(units);
    await reeve.apply(plan);
    await reeve.unit('more').reached('finished', { within: '5s' });
    expect(plan.changes.map(({ change }) => change)).toEqual(['keep', 'add']);
    expect((await reeve.unit('more').result()).value).toBe('planned');
    await reeve.unit('index').start();
    await reeve.unit('index').reached('settled', { within: '5s' });
    expect((await reeve.unit('index').result()).value).toBe('again');
  });

  test('is not called by a replay, and replays like all others', async () => {
    const stateDir = temporaryDirectory();
    const reeve = await opened({ stateDir });
    let calls = 0;
    await reeve.run(job({ id: 'index', run: () => ++calls, retry: { max: 1 } }));
    const { first } = await verify(await openedTrace(stateDir));
    expect([first, calls]).toEqual([null, 1]);
  });
});

describe('closing', () => {
  test('tells functions to end, and waits for them', async () => {
    const reeve = await reeveHere();
    let isCleanedUp = false;
    const run = (context: JobContext) =>
      untilTold(context).finally(() => {
        isCleanedUp = true;
      });
    reeve.add(job({ id: 'index', run }));
    await reeve.unit('index').start();
    await reeve.close();
    expect(isCleanedUp).toBe(true);
  });

  test('gives up a function that does not heed it after its grace', async () => {
    const reeve = await reeveHere();
    reeve.add(job({ id: 'index', run: never, stop: { grace: 20 } }));
    await reeve.unit('index').start();
    await reeve.close();
    expect(reeve.status().units[0]).toMatchObject({ state: 'reaped', outcome: 'stopped' });
  });

  test('cannot leave a function running: it is stopped, and the next program runs it again if it may', async () => {
    const stateDir = temporaryDirectory();
    const units = (run: JobFunction) => [
      job({ id: 'again', run, onOrchestratorDeath: 'rerun' }),
      job({ id: 'once', run }),
    ];
    const first = await openReeve({ stateDir, units: units(untilTold) });
    await Promise.all(['again', 'once'].map((id) => first.unit(id).reached('running', { within: '5s' })));
    await first.close({ leave: true });
    const second = await opened({ stateDir, units: units(() => 'done') });
    await second.unit('again').reached('finished', { within: '5s' });
    const outcomes = ['again', 'once'].map((id) =>
      second
        .unit(id)
        .history()
        .map(({ outcome }) => outcome?.kind),
    );
    expect(outcomes).toEqual([['finished', 'stopped'], ['stopped']]);
  });
});
