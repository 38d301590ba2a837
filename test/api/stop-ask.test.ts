import { expect, test } from 'vitest';
import { server } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { freePort } from '../support/ports.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Ends well when it is asked to by POST, and does not care for SIGTERM. */
const POLITE = `
  process.on('SIGTERM', () => {});
  require('node:http').createServer((question, answer) => {
    if (question.method === 'POST' && question.url === '/refuse') answer.writeHead(503);
    if (question.method === 'POST' && question.url === '/drain') answer.on('close', () => process.exit(0));
    answer.end('ok');
  }).listen(process.env.PORT, '127.0.0.1');
`;

const polite = (port: number, path: string) =>
  server({
    id: 'web',
    command: ['node', '-e', POLITE],
    port,
    ready: { http: `http://127.0.0.1:${port}/`, every: '50ms' },
    stop: { ask: { http: `http://127.0.0.1:${port}${path}` }, grace: '300ms' },
  });

test('a server that can be asked by HTTP ends by itself, and needs no signal', async () => {
  const port = await freePort();
  const reeve = await opened({ stateDir: temporaryDirectory(), units: [polite(port, '/drain')] });
  await reeve.unit('web').reached('ready', { within: '15s' });
  await reeve.unit('web').stop();
  expect(reeve.unit('web').history()[0]?.outcome).toMatchObject({ kind: 'stopped', code: 0, took: ['ask'] });
});

test('it can be asked by a path alone, on the port that was chosen for it', async () => {
  const stop = { ask: { http: '/drain' }, grace: '5s' };
  const command = ['node', '-e', POLITE];
  const web = server({ id: 'web', command, port: 'auto', ready: { http: '/', every: '50ms' }, stop });
  const reeve = await opened({ stateDir: temporaryDirectory(), units: [web] });
  await reeve.unit('web').reached('ready', { within: '15s' });
  await reeve.unit('web').stop();
  expect(reeve.unit('web').history()[0]?.outcome).toMatchObject({ kind: 'stopped', code: 0, took: ['ask'] });
});

test('one that refuses is signalled without waiting, and the journal says why', async () => {
  const port = await freePort();
  const reeve = await opened({ stateDir: temporaryDirectory(), units: [polite(port, '/refuse')] });
  await reeve.unit('web').reached('ready', { within: '15s' });
  await reeve.unit('web').stop();
  const took = ['ask', 'terminate', 'kill'];
  expect(reeve.unit('web').history()[0]?.outcome).toMatchObject({ kind: 'stopped', signal: 'SIGKILL', took });
  const told: string[] = [];
  for await (const { event } of reeve.journal({ unit: 'web' })) {
    if (event.type === 'driver.failed') told.push(event.problem.message);
  }
  expect(told).toEqual(['"web" could not be asked to stop: it answered HTTP 503.']);
});

test('a command that asks runs where its unit runs, with the environment of its unit', async () => {
  const cwd = temporaryDirectory();
  const unit = server({
    id: 'worker',
    cwd,
    command: 'while [ ! -e "$FLAG" ]; do sleep 0.02; done',
    env: { set: { FLAG: 'enough' } },
    stop: { ask: { exec: ['sh', '-c', 'touch "$FLAG"'] } },
  });
  const reeve = await opened({ stateDir: temporaryDirectory(), units: [unit] });
  await reeve.unit('worker').reached('running', { within: '10s' });
  await reeve.unit('worker').stop();
  expect(reeve.unit('worker').history()[0]?.outcome).toMatchObject({ kind: 'stopped', code: 0, took: ['ask'] });
});

test.each([
  [['false'], 'the command that asks ended with 1'],
  [['no-such-command-anywhere'], 'no such command'],
])('a command that fails to ask (%j) is no reason to wait', async (exec, why) => {
  const unit = server({ id: 'worker', command: 'exec sleep 1000', stop: { ask: { exec }, grace: '10m' } });
  const reeve = await opened({ stateDir: temporaryDirectory(), units: [unit] });
  await reeve.unit('worker').reached('running', { within: '10s' });
  await reeve.unit('worker').stop();
  expect(reeve.unit('worker').history()[0]?.outcome).toMatchObject({ signal: 'SIGTERM', took: ['ask', 'terminate'] });
  const events: string[] = [];
  for await (const { event } of reeve.journal({ unit: 'worker' })) events.push(JSON.stringify(event));
  expect(events.join('\n')).toContain(why);
});
