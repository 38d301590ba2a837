import { expect, test } from 'vitest';
import { job, type Reeve, server } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { eventually } from '../support/waiting.ts';

const reported = { after: '1s', then: 'report' } as const;

async function newsOf(reeve: Reeve, unit: string): Promise<readonly string[]> {
  const types: string[] = [];
  for await (const { event } of reeve.journal({ unit })) types.push(event.type);
  return types.filter((type) => type.startsWith('activity.'));
}

test('a job that does nothing that can be seen is stopped as idle; one that prints or computes is not', async () => {
  const idle = { after: '1s', then: 'stop' } as const;
  const units = [
    job({ id: 'sleeps', command: ['sleep', '60'], idle }),
    job({ id: 'prints', command: 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.25; done', idle }),
    job({ id: 'computes', command: ['node', '-e', 'const end = Date.now() + 3000; while (Date.now() < end);'], idle }),
  ];
  const reeve = await opened({ stateDir: temporaryDirectory(), units });
  await Promise.all(units.map(({ id }) => reeve.unit(id).reached('settled', { within: '30s' })));
  const kinds = units.map(({ id }) => reeve.unit(id).history()[0]?.outcome?.kind);
  expect(kinds).toEqual(['idle', 'finished', 'finished']);
});

test('a unit that rests is shown as idle, one that computes is not, and it is shown what it does', async () => {
  const busy = 'while :; do :; done';
  const reeve = await opened({
    stateDir: stateDirectory(),
    units: [
      server({ id: 'resting', command: 'exec sleep 1000', idle: reported }),
      server({ id: 'working', command: ['sh', '-c', busy], idle: reported }),
    ],
  });
  await reeve.unit('resting').reached('idle-stalled', { within: '15s' });
  const { state, activity } = reeve.unit('working').status();
  expect([state, activity]).toEqual(['running', { atMs: expect.any(Number), text: `sh -c ${busy}` }]);
  expect(await newsOf(reeve, 'working')).toEqual([]);
});

test('a unit that says that it works is not idle, and leaves no entry for each word', async () => {
  const reeve = await opened({
    stateDir: stateDirectory(),
    units: [server({ id: 'api', command: 'exec sleep 1000', idle: reported })],
  });
  const api = reeve.unit('api');
  await api.reached('idle-stalled', { within: '15s' });
  for (let page = 1; page <= 20; page++) api.heartbeat(`page ${page}`);
  const { activity } = await api.reached('running', { within: '5s' });
  expect(activity?.text).toBe('page 20');
  expect(await newsOf(reeve, 'api')).toEqual(['activity.ceased', 'activity.resumed']);
});

test('what idles while nobody is there is adopted, and is found idle anew', async () => {
  const stateDir = stateDirectory();
  const units = [server({ id: 'api', command: 'exec sleep 1000', idle: reported })];
  const first = await opened({ stateDir, units, onOrchestratorDeath: 'adopt' });
  const { run } = await first.unit('api').reached('idle-stalled', { within: '15s' });
  await first.close({ leave: true });
  const second = await opened({ stateDir, units, onOrchestratorDeath: 'adopt' });
  const status = () => second.unit('api').status();
  expect(await eventually(status, ({ state }) => state === 'idle-stalled')).toMatchObject({ run: { pid: run?.pid } });
  second.unit('api').heartbeat();
  await second.unit('api').reached('running', { within: '5s' });
});
