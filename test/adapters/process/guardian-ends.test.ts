import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { conditionOf, identify, localWorld } from '../../../src/adapters/system/identity.ts';
import type { ProcessIdentity } from '../../../src/machines/vocabulary.ts';
import { gone, guardians, STOP, soon } from './guardians.ts';
import { closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

const KEPT = { ...STOP, keepDescendants: true };
const pidIn = (rig: Rig, file: string) => () =>
  Number(existsSync(join(rig.stateDir, file)) && readFileSync(join(rig.stateDir, file), 'utf8'));

async function theOther(rig: Rig, file: string): Promise<ProcessIdentity> {
  await expect.poll(pidIn(rig, file), soon).toBeGreaterThan(0);
  return identify(pidIn(rig, file)())!;
}

async function stranger(): Promise<ProcessIdentity> {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  await once(child, 'spawn');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.signalCode === null) await once(child, 'exit');
  });
  return identify(child.pid!)!;
}

/** A run as it lies on the disk when its orchestrator dies, made by hand. */
function lay(rig: Rig, name: string, files: Readonly<Record<string, string>>): void {
  const directory = join(rig.stateDir, 'runs', name);
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
}
const record = (child: ProcessIdentity, bootId = localWorld().bootId): string =>
  `run 1 ${bootId} ${localWorld().pidNamespace}\nlauncher ${child.pid} 1\nchild ${child.pid} ${child.startTicks}\n\n\n`;

test('what is to stop with its orchestrator is ended by its own stop signal, and says by whom and when', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'], stop: { signal: 'SIGUSR1' }, ...STOP });
  const before = Date.now();
  await rig.driver.close();
  await gone(launched.handle.identity!);
  const next = await rig.reopen();
  await expect.poll(() => readFileSync(rig.path(call, 'record'), 'utf8'), soon).toContain('\nexit ');
  const sighting = await next.driver.sight(call.run);
  expect(sighting).toMatchObject({
    is: 'ended',
    exit: { code: null, signal: 'SIGUSR1', certain: true, by: 'orchestrator-death' },
  });
  const { endedMs } = (sighting as Extract<typeof sighting, { is: 'ended' }>).exit;
  expect(Math.abs(endedMs - before)).toBeLessThan(1_000);
});

test('what was told where to listen ends like everything else', async () => {
  const rig = await openRig();
  const { launched } = await rig.launch({ kind: 'server', command: ['sleep', '1000'], port: 'auto', ...STOP });
  await rig.driver.close();
  await gone(launched.handle.identity!);
});

test('what may live on does so, beside what is to stop', async () => {
  const rig = await openRig();
  const lives = await rig.launch({ command: ['sleep', '1000'] });
  const stops = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  await rig.driver.close();
  await gone(stops.launched.handle.identity!);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
  expect(conditionOf(lives.launched.handle.identity!)).toBe('running');
});

test('a program that is deaf to its stop signal is killed when its grace is over, and not before', async () => {
  const rig = await openRig();
  const command = 'trap "echo deaf" TERM; echo ready; while :; do sleep 1000 & wait; done';
  const { call, launched } = await rig.launch({ command, stop: { grace: '500ms' }, ...STOP });
  const text = () => readFileSync(rig.path(call, 'out'), 'utf8');
  await expect.poll(text, soon).toBe('ready\n');
  const atMs = performance.now();
  await rig.driver.close();
  await gone(launched.handle.identity!);
  expect(performance.now() - atMs).toBeGreaterThanOrEqual(490);
  expect(text()).toBe('ready\ndeaf\n');
});

test('a child that stays behind in the session of what was ended is killed after the grace', async () => {
  const rig = await openRig();
  const command = `sh -c 'trap "" TERM; echo $$ >deaf; exec sleep 1000' & wait`;
  await rig.launch({ command, stop: { grace: '200ms' }, ...STOP });
  const deaf = await theOther(rig, 'deaf');
  await rig.driver.close();
  await gone(deaf);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
});

/** Its number is in the file, and a session of its own around it. `as`: what its shell does first. */
const inItsOwnSession = (file: string, as = ':'): string =>
  `setsid sh -c '${as}; echo $$ >${file}; exec sleep 1000' & until [ -s ${file} ]; do sleep 0.01; done`;

test('who left the session of what was ended is told at once, and killed after the grace', async () => {
  const rig = await openRig();
  const command = `${inItsOwnSession('good')}; ${inItsOwnSession('deaf', 'trap "" TERM')}; wait`;
  await rig.launch({ command, stop: { grace: '2s' }, ...STOP });
  const [good, deaf] = [await theOther(rig, 'good'), await theOther(rig, 'deaf')];
  const atMs = performance.now();
  const closing = rig.driver.close();
  await gone(good);
  expect(performance.now() - atMs).toBeLessThan(1_000);
  expect(conditionOf(deaf)).toBe('running');
  await gone(deaf);
  expect(performance.now() - atMs).toBeGreaterThanOrEqual(1_990);
  await closing;
  await expect.poll(() => guardians(rig), soon).toEqual([]);
});

test('what a run that is over has left behind ends with its orchestrator, and not before the lease does', async () => {
  const rig = await openRig();
  const command = `${inItsOwnSession('left')}`;
  const { call } = await rig.run({ command, stop: { grace: 0 }, onOrchestratorDeath: { lease: '500ms' } });
  const left = await theOther(rig, 'left');
  const live = await rig.launch({ command: ['sleep', '1000'], onOrchestratorDeath: { lease: '500ms' } });
  const atMs = performance.now();
  await rig.driver.close();
  await gone(left);
  expect(performance.now() - atMs).toBeGreaterThanOrEqual(490);
  await gone(live.launched.handle.identity!);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
  // Nobody has ended the run itself.
  expect(existsSync(rig.path(call, 'guardian'))).toBe(false);
});

test('who carries the marker of another run is no part of this one, though the number begins alike', async () => {
  const rig = await openRig();
  const launched = async (runId: string, command: string, policy: object) => {
    await rig.driver.launch(rig.call({ command, ...policy }, { runId }));
    return theOther(rig, runId);
  };
  const other = await launched('u.11', `${inItsOwnSession('u.11')}; wait`, {});
  const ended = await launched('u.1', `${inItsOwnSession('u.1')}; wait`, STOP);
  await rig.driver.close();
  await gone(ended);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
  expect(conditionOf(other)).toBe('running');
});

test('descendants that are to be kept are told only with their group, and never killed', async () => {
  const rig = await openRig();
  const command = `sh -c 'trap "" TERM; echo $$ >deaf; exec sleep 1000' & ${inItsOwnSession('away')}; wait`;
  await rig.launch({ command, stop: { grace: 0 }, ...KEPT });
  const [deaf, away] = [await theOther(rig, 'deaf'), await theOther(rig, 'away')];
  await rig.driver.close();
  await expect.poll(() => guardians(rig), soon).toEqual([]);
  expect([conditionOf(deaf), conditionOf(away)]).toEqual(['running', 'running']);
});

test('a stopped process hears that it is to end', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  process.kill(launched.handle.pid!, 'SIGSTOP');
  await expect.poll(() => conditionOf(launched.handle.identity!), soon).toBe('stopped');
  await rig.driver.close();
  await expect.poll(() => readFileSync(rig.path(call, 'record'), 'utf8'), soon).toContain('Terminated\nexit 143');
});

test('an end whose launcher was killed before is still accounted for', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  const { launcher } = launched.handle as unknown as { launcher: ProcessIdentity };
  process.kill(launcher.pid, 'SIGKILL');
  await gone(launcher);
  await rig.driver.close();
  await gone(launched.handle.identity!);
  const next = await rig.reopen();
  expect(await next.driver.sight(call.run)).toMatchObject({
    is: 'ended',
    exit: { code: null, signal: null, rawStatus: null, certain: false, by: 'orchestrator-death' },
  });
});

test('a launch that nobody has claimed when its orchestrator dies never happens', async () => {
  const rig = await openRig();
  const other = await stranger();
  await rig.launch({ command: ['sleep', '1000'], ...STOP });
  lay(rig, 'open.1', { policy: 'stop 0 10 TERM sweep\n', record: record(other).split('launcher')[0]! });
  lay(rig, 'free.1', { policy: 'adopt\n', record: record(other).split('launcher')[0]! });
  await rig.driver.close();
  await expect.poll(() => guardians(rig), soon).toEqual([]);
  expect(['open.1', 'free.1'].map((run) => existsSync(join(rig.stateDir, 'runs', run, 'claim')))).toEqual([
    true,
    false,
  ]);
});

test('nobody waits long for a launch whose launcher has died', async () => {
  const rig = await openRig();
  const dead = { ...(await stranger()), startTicks: '1' };
  const said = record(dead).replace(/child.*\n/, '');
  lay(rig, 'dead.1', { policy: 'stop 0 10 TERM sweep o/dead/dead.1\n', claim: '', record: said });
  const live = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  const atMs = performance.now();
  await rig.driver.close();
  await gone(live.launched.handle.identity!);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
  expect(performance.now() - atMs).toBeLessThan(3_000);
});

test('nobody gets a signal who is not verified: another start time, another boot, no policy', async () => {
  const rig = await openRig();
  const other = await stranger();
  const policy = 'stop 0 0 KILL sweep\n';
  const earlier = { ...other, startTicks: String(Number(other.startTicks) - 1) };
  lay(rig, 'reused.1', { policy, claim: '', record: record(earlier) });
  lay(rig, 'rebooted.1', { policy, claim: '', record: record(other, 'b7f2c1de-0000-4000-8000-000000000000') });
  lay(rig, 'lax.1', { policy: 'stop 0 x KILL sweep\n', claim: '', record: record(other) });
  lay(rig, 'none.1', { claim: '', record: record(other) });
  lay(rig, 'ended.1', { policy, claim: '', record: record(other).replace('\n\n', '\nexit 0 99999999.00\n\n') });
  const real = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  await rig.driver.close();
  await gone(real.launched.handle.identity!);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
  expect(conditionOf(other)).toBe('running');
  const told = readdirSync(join(rig.stateDir, 'runs')).filter((run) =>
    existsSync(join(rig.stateDir, 'runs', run, 'guardian')),
  );
  expect(told).toEqual([real.call.run.runId]);
});
