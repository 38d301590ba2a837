import { expect, test } from 'vitest';
import { job, openReadOnly, openReeve, server } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { eventually } from '../support/waiting.ts';

test('where nobody orchestrates, it is told down to the first reason why a unit waits', async () => {
  const stateDir = stateDirectory();
  const units = [
    server({ id: 'db', command: 'exec sleep 1000', ready: { exec: 'echo no; false', within: '90s' } }),
    server({ id: 'api', command: 'exec sleep 1000', after: { db: 'ready' } }),
    server({ id: 'web', command: 'exec sleep 1000', after: { api: 'running' } }),
    job({ id: 'long', command: 'exec sleep 1000', queue: 'builds' }),
    job({ id: 'late', command: 'true', queue: 'builds' }),
  ];
  const reeve = await openReeve({ stateDir, units, onOrchestratorDeath: 'adopt' });
  await reeve.unit('long').reached('running', { within: '20s' });
  await eventually(
    () => reeve.unit('db').status().why,
    (why) => why !== '',
  );
  const live = reeve.status().units.map(({ id, why }) => [id, why]);
  const { pid } = reeve.unit('db').status().run!;
  await reeve.close({ leave: true });
  const whys = () => {
    const files = openReadOnly(stateDir);
    const all = files.status().units.map(({ id, why }) => [id, why] as const);
    files.close();
    return Object.fromEntries(all);
  };
  const left = whys();
  process.kill(pid!, 'SIGKILL');
  await eventually(
    () => whys().db,
    (why) => why?.startsWith('its process is gone') === true,
  );
  const gone = whys();
  // The next one takes over, so that nothing is left.
  await opened({ stateDir, units, start: false });
  const { api, web, late } = left;
  expect([left, api, web?.startsWith('waits for api to be running (it waits for db to be ready'), late]).toEqual([
    Object.fromEntries(live),
    expect.stringMatching(/^waits for db to be ready \(it is waiting-health: .*no/),
    true,
    'waits for room: 1 of 1 in queue builds: long',
  ]);
  expect(gone.api).toMatch(/^waits for db to be ready \(it is waiting-health: its process is gone; the next/);
});
