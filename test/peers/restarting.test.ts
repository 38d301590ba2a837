/** Famous bugs of process managers in which something began that should not, or began twice, or for ever. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Reeve, type ServerInput, server, type UnitHandle } from '../../src/index.ts';
import { closeShells, openShell } from '../adapters/cli/shell.ts';
import { startProgram } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { freePort } from '../support/ports.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { unitsOnFile } from './units-on-file.ts';

// Whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

const SOON = { initial: '10ms', max: '10ms' } as const;

/** Two servers. The second waits until the first is ready, which is when there is a file; it says that it begins. */
async function parked(): Promise<{
  readonly reeve: Reeve;
  readonly b: UnitHandle;
  readonly cwd: string;
  begun(): readonly string[];
}> {
  const cwd = stateDirectory();
  const command = 'test -e ready || echo early >>begun; echo $$ >>begun; exec sleep 1000';
  const units = [
    server({ id: 'a', command: 'exec sleep 1000', cwd, ready: { exec: ['test', '-e', 'ready'], every: '20ms' } }),
    server({ id: 'b', command, cwd, after: { a: 'ready' } }),
  ];
  const reeve = await opened({ stateDir: stateDirectory(), units });
  await reeve.unit('a').reached('waiting-health', { within: '20s' });
  return { reeve, b: reeve.unit('b'), cwd, begun: () => linesOf(cwd) };
}

/** What the programs in a directory say when they begin. */
const linesOf = (cwd: string): readonly string[] =>
  readFileSync(join(cwd, 'begun'), { encoding: 'utf8', flag: 'a+' }).split('\n').slice(0, -1);

describe('a unit that waits for another one', () => {
  test('and is restarted, started and stopped meanwhile begins once in the end (process-compose #530)', async () => {
    const { reeve, b, cwd, begun } = await parked();
    const seen: string[] = [];
    reeve.observe(({ unitId, event, value }) => {
      if (unitId === 'b') seen.push(`${event.type}: ${JSON.stringify(value)}`);
    });
    const asked = (['restart', 'start', 'stop', 'restart', 'restart'] as const).map((what) =>
      b[what]().then(
        () => 'done',
        ({ code }) => code,
      ),
    );
    await asked[2];
    writeFileSync(join(cwd, 'ready'), '');
    expect(await Promise.all(asked)).toEqual(['Superseded', 'Superseded', 'done', 'done', 'done']);
    const { run } = b.status();
    await b.start();
    expect(seen).toEqual([
      'restart.requested: {"spawning":"waiting"}',
      'start.requested: {"spawning":"waiting"}',
      'stop.requested: {"reaped":"settled"}',
      'restart.requested: {"spawning":"waiting"}',
      'restart.requested: {"spawning":"waiting"}',
      'dependencies.met: {"spawning":"launching"}',
      'run.launched: {"running":"healthy"}',
      'start.requested: {"running":"healthy"}',
    ]);
    await expect.poll(begun, { timeout: 10_000 }).toEqual([String(run?.pid)]);
    expect([b.history().length, b.status().run]).toEqual([1, run]);
  });

  test('waits again when both begin again: what was ready before is not (process-compose #530)', async () => {
    const { reeve, b, cwd, begun } = await parked();
    writeFileSync(join(cwd, 'ready'), '');
    await expect.poll(begun, { timeout: 20_000 }).toHaveLength(1);
    rmSync(join(cwd, 'ready'));
    const restarted = [reeve.unit('a').restart()];
    await reeve.unit('a').reached('waiting-health', { within: '20s' });
    restarted.push(b.restart());
    await b.reached('spawning', { within: '20s' });
    expect(b.status()).toMatchObject({ substate: 'waiting', run: null });
    writeFileSync(join(cwd, 'ready'), '');
    await Promise.all(restarted);
    const pids = b.history().map(({ handle }) => String(handle?.pid));
    await expect.poll(begun, { timeout: 10_000 }).toEqual(pids.reverse());
  });
});

test('restarts at the same moment, and one while it begins, are one new process (process-compose #347)', async () => {
  const cwd = stateDirectory();
  const unit = server({ id: 'web', command: 'echo $$ >>begun; exec sleep 1000', cwd });
  const reeve = await opened({ stateDir: stateDirectory(), units: [unit] });
  const web = reeve.unit('web');
  await expect.poll(() => linesOf(cwd), { timeout: 20_000 }).toHaveLength(1);
  const restarts = [web.restart(), web.restart()];
  const begins = Promise.withResolvers<void>();
  reeve.observe(({ value }) => {
    if (JSON.stringify(value) === '{"spawning":"launching"}') begins.resolve();
  });
  await begins.promise;
  await Promise.all([...restarts, web.restart()]);
  const pids = web.history().map(({ handle }) => String(handle?.pid));
  await expect.poll(() => linesOf(cwd), { timeout: 10_000 }).toEqual(pids.reverse());
  expect(pids).toHaveLength(2);
});

test('what was stopped by hand stays stopped, whatever its restart policy (mprocs #143)', async () => {
  const again = 'restart: { when: always, backoff: { initial: 10ms, max: 10ms } }';
  const fails = `trap 'exit 1' TERM; while :; do sleep 0.05; done`;
  const shell = openShell({
    'reeve.yaml': `units: { stopped: { command: "${fails}", ${again} }, killed: { command: "${fails}", ${again} } }`,
  });
  const up = shell.start('up');
  for (const id of ['stopped', 'killed']) await up.printed(`${id}  running`);
  expect(await shell.reeve('stop', 'stopped')).toMatchObject({ code: 0, out: 'stopped  stopped\n' });

  // The same end by the same signal, but by nobody who told us: this one comes back, so policy had its time.
  process.kill(unitsOnFile(shell.stateDir)[1]?.run?.pid ?? 0, 'SIGTERM');
  const both = () => unitsOnFile(shell.stateDir).map(({ state, run, outcome }) => [state, run?.generation, outcome]);
  await expect.poll(both, { timeout: 30_000 }).toEqual([
    ['reaped', 1, 'stopped'],
    ['running', 2, null],
  ]);
});

test('what dies at once is not restarted for ever, however soon it counts as stable (supervisor #1285)', async () => {
  const restart = { when: 'always', max: 3, backoff: SOON, stableAfter: '1ms' } as const;
  const unit = server({ id: 'dies', command: 'sleep 0.02; exit 1', restart });
  const reeve = await opened({ stateDir: stateDirectory(), units: [unit] });
  const { outcome, why } = await reeve.unit('dies').reached('settled', { within: '30s' });
  const events: string[] = [];
  for await (const { event } of reeve.journal({ unit: 'dies' })) events.push(event.type);
  expect({
    outcome,
    why,
    runs: reeve.unit('dies').history().length,
    wasStable: events.includes('timer.stable'),
  }).toEqual({
    outcome: 'failed',
    why: 'gave up: it ended again after 3 restarts within 60 s (last: failed): it ended with code 1',
    runs: 4,
    wasStable: true,
  });
});

test('an orchestrator without descriptors outlives that, and restarts what died meanwhile (pm2 #2610)', async () => {
  const host = startProgram(
    stateDirectory(),
    `const { closeSync, openSync } = await import('node:fs');
     process.on('unhandledRejection', (error) => console.log('unhandled', error));
     const restart = { when: 'always', backoff: { initial: '20ms', max: '20ms' } };
     const units = ['dies', 'asked', 'lives'].map((id) => server({ id, command: ['sleep', '1000'], restart }));
     const reeve = await openReeve({ stateDir, units });
     for (const unit of reeve.units()) await unit.reached('running', { within: '20s' });

     const taken = [];
     try { for (;;) taken.push(openSync('/dev/null', 'r')); } catch {}
     const fails = new Promise((resolve) => reeve.observe(({ event }) => {
       if (event.type === 'run.launch-failed') resolve(event.problem.code);
     }));
     process.kill(reeve.unit('dies').status().run.pid, 'SIGKILL');
     const restarted = reeve.unit('asked').restart();
     const code = await fails;
     taken.forEach((descriptor) => closeSync(descriptor));
     console.log('refused', code);

     await restarted;
     await reeve.unit('dies').reached('running', { within: '20s' });
     const [dies, asked, lives] = reeve.units().map((unit) => unit.history().length);
     console.log('runs', JSON.stringify({ dies: dies > 2, asked: asked > 1, lives }));
     await reeve.close();`,
    { under: ['/bin/sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'] },
  );
  expect(await host.said('refused ')).toBe('LaunchRefused');
  expect(JSON.parse(await host.said('runs '))).toEqual({ dies: true, asked: true, lives: 1 });
  expect(await host.ended).toEqual({ code: 0, signal: null });
  expect(host.lines.filter((line) => line.startsWith('unhandled'))).toEqual([]);
});

/** Well when asked on `/`. On `/health` its first life is sick for ever, and every later one twice. */
const SICK = `
  const { existsSync, writeFileSync } = require('node:fs');
  let sick = existsSync('lived') ? 2 : Infinity;
  writeFileSync('lived', '');
  require('node:http').createServer(({ url }, answer) => {
    answer.statusCode = url === '/health' && sick-- > 0 ? 503 : 200;
    answer.end();
  }).listen(process.env.PORT, '127.0.0.1');
`;

test('failures that a probe counted before a restart do not count after it (monit #546)', async () => {
  const port = await freePort();
  const spec: ServerInput = {
    id: 'web',
    command: ['node', '-e', SICK],
    cwd: stateDirectory(),
    port,
    ready: { http: `http://127.0.0.1:${port}/`, every: '20ms' },
    alive: { http: `http://127.0.0.1:${port}/health`, every: '50ms', failures: 3 },
    restart: { when: 'failure', backoff: SOON },
  };
  const reeve = await opened({ stateDir: stateDirectory(), units: [server(spec)] });
  const facts: string[] = [];
  const healthy = Promise.withResolvers<void>();
  reeve.observe(({ event }) => {
    if (!('probe' in event) || event.probe !== 'alive') return;
    facts.push(`${event.generation} ${event.type}`);
    if (event.type === 'probe.passed') healthy.resolve();
  });
  await healthy.promise;
  expect(facts).toEqual(['1 probe.failed', '1 probe.exhausted', '2 probe.failed', '2 probe.passed']);
  expect(reeve.unit('web').status()).toMatchObject({ state: 'running', ready: true, restarts: 1 });
});
