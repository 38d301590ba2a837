import { expect, test } from 'vitest';
import { openReeve, type Reeve, server } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const sleeper = (id: string, seconds: number) => server({ id, command: `exec sleep ${seconds}`, restart: 'never' });
const pidOf = (reeve: Reeve, id: string): number | null => reeve.unit(id).status().run?.pid ?? null;

async function entriesOf(reeve: Reeve, unit: string): Promise<number> {
  let count = 0;
  for await (const entry of reeve.journal({ unit })) count += entry.seq > 0 ? 1 : 0;
  return count;
}

test('a plan names what changed, and applying it touches nothing else', async () => {
  const reeve = await opened({
    stateDir: temporaryDirectory(),
    units: [sleeper('a', 1000), sleeper('b', 1001), sleeper('c', 1002)],
  });
  for (const id of ['a', 'b', 'c']) await reeve.unit(id).reached('running', { within: '10s' });
  await reeve.unit('c').stop();
  const before = [pidOf(reeve, 'a'), await entriesOf(reeve, 'a')];
  const plan = reeve.plan([sleeper('a', 1000), sleeper('b', 2001), sleeper('c', 2002), sleeper('d', 1003)]);
  await reeve.apply(plan);
  for (const id of ['b', 'd']) await reeve.unit(id).reached('running', { within: '10s' });
  const again = reeve.plan(plan.units).changes.map(({ change }) => change);
  expect([plan.changes, [pidOf(reeve, 'a'), await entriesOf(reeve, 'a')], pidOf(reeve, 'c'), again]).toEqual([
    [
      { unit: 'a', change: 'keep', keys: [] },
      { unit: 'b', change: 'restart', keys: ['command'] },
      { unit: 'c', change: 'replace', keys: ['command'] },
      { unit: 'd', change: 'add', keys: [] },
    ],
    before,
    null,
    ['keep', 'keep', 'keep', 'keep'],
  ]);
});

test('what is not given is kept and named, and removed only on request', async () => {
  const reeve = await opened({ stateDir: temporaryDirectory(), units: [sleeper('a', 1000), sleeper('b', 1001)] });
  await reeve.unit('b').reached('running', { within: '10s' });
  const kept = reeve.plan([sleeper('a', 1000)]);
  await reeve.apply(kept);
  const stays = pidOf(reeve, 'b') !== null;
  await reeve.apply(reeve.plan([sleeper('a', 1000)], { removeExtra: true }));
  expect([kept.changes[1], stays, reeve.status().units.map(({ id }) => id)]).toEqual([
    { unit: 'b', change: 'extra', keys: [] },
    true,
    ['a'],
  ]);
});

test('a unit that a plan had stopped when its orchestrator was gone is started by the next one', async () => {
  const stateDir = temporaryDirectory();
  const units = [sleeper('a', 1000), sleeper('by-hand', 1001)];
  const first = await openReeve({ stateDir, units, onOrchestratorDeath: 'adopt' });
  for (const { id } of units) await first.unit(id).reached('running', { within: '10s' });
  // As far as a plan had come.
  await first.unit('a').stop({ by: 'plan' });
  await first.unit('by-hand').stop();
  await first.close({ leave: true });
  const edited = [sleeper('a', 2000), sleeper('by-hand', 2001)];
  const reeve = await opened({ stateDir, units: edited, onOrchestratorDeath: 'adopt' });
  const { state } = await reeve.unit('a').reached('running', { within: '10s' });
  expect([state, reeve.unit('by-hand').status().outcome, pidOf(reeve, 'by-hand')]).toEqual(['running', null, null]);
});

test('what rests by hand rests on when a plan has given it another spec, also if it never ran', async () => {
  const stateDir = temporaryDirectory();
  const waits = (seconds: number) =>
    server({ id: 'waits', command: `exec sleep ${seconds}`, after: { a: 'finished' }, restart: 'never' });
  const options = { stateDir, onOrchestratorDeath: 'adopt' } as const;
  const first = await openReeve({ ...options, units: [sleeper('a', 1000), sleeper('ran', 1001), waits(1002)] });
  await first.unit('ran').reached('running', { within: '10s' });
  for (const id of ['ran', 'waits']) await first.unit(id).stop();
  const edited = [sleeper('a', 1000), sleeper('ran', 2001), waits(2002), sleeper('new', 2003)];
  await first.apply(first.plan(edited));
  const again = first.plan(edited).changes.map(({ change }) => change);
  await first.unit('new').reached('running', { within: '10s' });
  await first.close({ leave: true });
  const reeve = await opened({ ...options, units: edited });
  const resting = ['ran', 'waits'].map((id) => reeve.unit(id).status().substate);
  expect([again, resting, reeve.unit('new').status().state]).toEqual([
    ['keep', 'keep', 'keep', 'keep'],
    ['settled', 'settled'],
    'running',
  ]);
});
