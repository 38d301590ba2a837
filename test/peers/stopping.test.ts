/** Famous bugs of process managers in which a stop ended less than it said, or never ended itself. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { socketsOn } from '../../src/adapters/process/listeners.ts';
import { server } from '../../src/index.ts';
import { closeShells, isAlive, openShell, type Shell } from '../adapters/cli/shell.ts';
import { holdersOf, leftIn } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { freePort, listening } from '../support/ports.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { eventually } from '../support/waiting.ts';
import { unitsOnFile } from './units-on-file.ts';

// Whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

/** Says who it is once it cannot be ended but by SIGKILL. */
const DEAF = `sh -c 'trap \\"\\" TERM INT HUP; echo $$ >>deaf; while :; do sleep 0.1; done'`;

/** The pids of so many deaf programs, as soon as they are all deaf. */
async function deafOnes({ directory }: Shell, count: number): Promise<readonly number[]> {
  const read = () => readFileSync(join(directory, 'deaf'), { encoding: 'utf8', flag: 'a+' }).match(/\d+(?=\n)/g) ?? [];
  return (await eventually(read, (pids) => pids.length === count)).map(Number);
}

const groupOf = (pid: number): number =>
  Number(
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[2],
  );

test('a leader that ends by SIGTERM does not save the rest of its group from it (process-compose #520)', async () => {
  const command = `trap 'exit 0' TERM; ${DEAF} & wait`;
  const shell = openShell({ 'reeve.yaml': `units: { web: { command: "${command}", stop: { grace: 300ms } } }` });
  const up = shell.start('up');
  await up.printed('web  running');
  const [deaf = 0] = await deafOnes(shell, 1);
  const leader = unitsOnFile(shell.stateDir)[0]?.run?.pid ?? 0;
  expect([isAlive(deaf), groupOf(deaf)]).toEqual([true, leader]);

  expect(await shell.reeve('down')).toMatchObject({ code: 0 });
  expect([leader, deaf].filter(isAlive)).toEqual([]);
  expect(await up.said).toMatchObject({ code: 0, out: expect.stringContaining('web  stopped') });
});

/** Starts a worker that listens, as `next start` does, and leaves it alone when it is told to end. */
const PARENT = `
  const worker = require('node:child_process').spawn(process.execPath, ['-e', process.env.WORKER]);
  process.on('SIGTERM', () => process.exit(0));
`;
const deafTo = (signal: string) => `process.on('${signal}', () => {});`;

test.each([
  ['that listens', '', ['node', '-e', PARENT]],
  ['that is deaf to SIGTERM', deafTo('SIGTERM'), ['node', '-e', PARENT]],
  ['below npm', '', ['npm', 'start', '--silent', '--cache=.npm', '--no-update-notifier']],
  ['that left the session of its wrapper', '', 'setsid node -e "$WORKER" & trap "exit 0" TERM; wait'],
])('a worker %s goes with its wrapper, and the port is free again (pm2 #6084)', async (_, habit, command) => {
  const port = await freePort();
  const cwd = stateDirectory();
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ scripts: { start: 'node -e "$WORKER"; true' } }));
  const env = { set: { WORKER: habit + listening(port) } };
  const ready = { tcp: port, every: '50ms' } as const;
  const unit = server({ id: 'app', command, cwd, env, port, ready, stop: { grace: '500ms' } });
  const reeve = await opened({ stateDir: stateDirectory(), units: [unit] });
  const app = reeve.unit('app');
  const { run } = await app.reached('ready', { within: '20s' });
  const listener = holdersOf(reeve.stateDir).find(({ listens }) => listens.length > 0);
  expect([listener?.listens, listener?.pid === run?.pid]).toEqual([[`127.0.0.1:${port}`], false]);

  await app.stop();
  expect([isAlive(listener?.pid), await socketsOn(port)]).toEqual([false, []]);
  await app.start();
  expect(app.status()).toMatchObject({ ready: true, run: { generation: 2 }, why: '' });
  await reeve.close();
  expect(await leftIn(reeve.stateDir)).toEqual([]);
});

const CROWD = `
units:
  graceful: { command: "trap 'exit 0' TERM; while :; do sleep 0.1; done" }
  deaf: { command: "exec ${DEAF}", stop: { grace: 300ms }, onOrchestratorDeath: stop }
  wrapped: { command: "${DEAF} & ${DEAF}; true", stop: { grace: 300ms }, onOrchestratorDeath: stop }
`;

test.each(['SIGINT', 'SIGTERM'] as const)(
  'programs that are deaf to their stop signal keep no `up` from ending by %s (concurrently #155)',
  async (signal) => {
    const shell = openShell({ 'reeve.yaml': CROWD });
    const up = shell.start('up');
    const deaf = await deafOnes(shell, 3);
    await up.printed('graceful  running');
    up.child.kill(signal);
    expect(await up.said).toMatchObject({ code: 130 });
    expect(deaf.filter(isAlive)).toEqual([]);
    expect(unitsOnFile(shell.stateDir).map(({ id, state, outcome }) => [id, state, outcome])).toEqual([
      ['graceful', 'reaped', 'stopped'],
      ['deaf', 'reaped', 'stopped'],
      ['wrapped', 'reaped', 'stopped'],
    ]);
  },
);

test('nor do they outlive an `up` that is killed, unless they are meant to (concurrently #135)', async () => {
  const shell = openShell({ 'reeve.yaml': CROWD });
  const up = shell.start('up');
  await up.printed('graceful  running');
  const deaf = await deafOnes(shell, 3);
  up.child.kill('SIGKILL');
  await up.said;
  expect(
    await eventually(
      () => deaf.filter(isAlive),
      (alive) => alive.length === 0,
    ),
  ).toEqual([]);
  expect(isAlive(unitsOnFile(shell.stateDir)[0]?.run?.pid)).toBe(true);
});
