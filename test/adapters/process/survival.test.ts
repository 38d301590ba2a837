import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import type { DriverCall } from '../../../src/actors/ports.ts';
import { conditionOf, identify, localWorld } from '../../../src/adapters/system/identity.ts';
import { eventually } from '../../support/waiting.ts';
import { again, closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

const fixture = new URL('../../fixtures/orchestrator.ts', import.meta.url).pathname;

/** Another process launches the run, and is killed once `learned` says so. */
async function launchedByAnother(
  rig: Rig,
  unit: Parameters<Rig['call']>[0],
  learned: string | ((pid: number) => boolean),
) {
  const call = rig.call(unit, { runId: 'orphan.1' });
  const orphan = JSON.stringify({ kind: 'job', cwd: rig.stateDir, ...unit, id: 'orphan' });
  const other = spawn(process.execPath, [fixture, rig.stateDir, rig.ownerId, orphan], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const dead = once(other, 'exit');
  for await (const line of createInterface(other.stdout)) {
    if (typeof learned === 'string' && JSON.parse(line).type === learned) break;
  }
  other.kill('SIGKILL');
  await dead;
  return call;
}

test('a run whose orchestrator was killed is found alive, and its end is noticed with its code', async () => {
  const rig = await openRig();
  const unit = { command: 'while [ ! -e go ]; do sleep 0.02; done; exit 7' };
  const call = await launchedByAnother(rig, unit, 'run.launched');
  const sighting = await rig.driver.sight(call.run);
  expect(sighting).toMatchObject({ is: 'alive', handle: { pid: expect.any(Number) } });
  if (sighting.is !== 'alive') return;
  await rig.driver.attach(again(call, sighting.handle));
  writeFileSync(`${rig.stateDir}/go`, '');
  expect((await rig.fact('run.exited', call)).exit).toMatchObject({ code: 7, signal: null, certain: true });
  expect(rig.facts.map(({ type }) => type)).toEqual(['run.exited']);
});

test('an adopted run that leaves a child behind ends when it ends, not when the child does', async () => {
  const rig = await openRig();
  const unit = { command: 'sleep 1000 & while [ ! -e go ]; do sleep 0.02; done; exit 3' };
  const call = await launchedByAnother(rig, unit, 'run.launched');
  const sighting = await rig.driver.sight(call.run);
  if (sighting.is !== 'alive') throw new Error(`it is ${sighting.is}`);
  await rig.driver.attach(again(call, sighting.handle));
  writeFileSync(`${rig.stateDir}/go`, '');
  expect((await rig.fact('run.exited', call)).exit.code).toBe(3);
});

test('a run that ended while nobody watched has its code and its own end time', async () => {
  const rig = await openRig();
  const call = await launchedByAnother(
    rig,
    { command: 'while [ ! -e go ]; do sleep 0.02; done; exit 9' },
    'run.launched',
  );
  writeFileSync(`${rig.stateDir}/go`, '');
  await expect.poll(() => readFileSync(rig.path(call, 'record'), 'utf8')).toContain('\nexit 9 ');
  const endedMs = Math.round(statSync(rig.path(call, 'record')).mtimeMs);
  expect(await rig.driver.sight(call.run)).toEqual({
    is: 'ended',
    exit: { code: 9, signal: null, rawStatus: 9, certain: true, endedMs, said: '' },
    handle: expect.objectContaining({ pid: expect.any(Number) }),
    startedMs: Math.round(statSync(rig.path(call, 'claim')).mtimeMs),
  });
});

test('a run that ends in our absence is reported by attaching to it', async () => {
  const rig = await openRig();
  const call = await launchedByAnother(rig, { command: 'exit 4' }, 'run.exited');
  await rig.driver.attach(again(call));
  expect((await rig.fact('run.exited', call)).exit.code).toBe(4);
  expect(rig.facts).toEqual([
    expect.objectContaining({ type: 'run.launched', adopted: true }),
    expect.objectContaining({ type: 'run.exited' }),
  ]);
});

test('a run whose launcher was killed is lost when it ends, and not before', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'] });
  const { launcher } = launched.handle as unknown as { launcher: { pid: number } };
  process.kill(launcher.pid, 'SIGKILL');
  await expect.poll(() => identify(launcher.pid)).toBeNull();
  expect(await rig.driver.sight(call.run)).toMatchObject({ is: 'alive' });
  process.kill(launched.handle.pid!, 'SIGKILL');
  expect(await rig.fact('run.lost', call)).toMatchObject({ endedMs: expect.closeTo(Date.now(), -4) });
  expect(await rig.driver.sight(call.run)).toMatchObject({ is: 'lost' });
});

test('a stopped process is alive', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'] });
  process.kill(launched.handle.pid!, 'SIGSTOP');
  await expect.poll(() => conditionOf(launched.handle.identity!)).toBe('stopped');
  expect(await rig.driver.sight(call.run)).toMatchObject({ is: 'alive' });
});

test('a record whose pid now belongs to a stranger is a lost run, and the stranger gets no signal', async () => {
  const rig = await openRig();
  const stranger = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  const identity = identify(stranger.pid!)!;
  const call = rig.call({ command: 'true' });
  mkdirSync(rig.path(call, ''), { recursive: true });
  writeFileSync(rig.path(call, 'claim'), '');
  const { bootId, pidNamespace } = localWorld();
  const earlier = Number(identity.startTicks) - 1;
  writeFileSync(
    rig.path(call, 'record'),
    `run 1 ${bootId} ${pidNamespace}\nlauncher ${stranger.pid} ${earlier}\nchild ${stranger.pid} ${earlier}\n\n\n`,
  );
  expect(await rig.driver.sight(call.run)).toMatchObject({ is: 'lost' });
  await rig.driver.endRun(again(call), 'kill');
  await rig.driver.sweep(again(call), 'kill');
  expect((await rig.fact('run.swept', call)).survivors).toEqual([]);
  expect(conditionOf(identity)).toBe('running');
  stranger.kill('SIGKILL');
  await once(stranger, 'exit');
});

test('a run whose directory was deleted is still found and ended by its handle', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'] });
  await rig.driver.discard(call.run);
  const orphaned = again(call, launched.handle);
  expect(await rig.driver.sight(orphaned.run)).toMatchObject({ is: 'alive' });
  await rig.driver.attach(orphaned);
  await rig.driver.endRun(again(orphaned), 'kill');
  expect(await rig.fact('run.lost', call)).toMatchObject({ type: 'run.lost' });
});

test('a run that nobody ever heard of is revoked by looking at it, and can never be launched', async () => {
  const rig = await openRig();
  const call = rig.call({ command: 'echo ran' });
  expect(await rig.driver.sight(call.run)).toEqual({ is: 'revoked' });
  await rig.driver.launch(call);
  expect(rig.facts).toEqual([{ type: 'run.revoked', generation: 1 }]);
  expect(existsSync(rig.path(call, 'out'))).toBe(false);
});

test('in a hundred races between a launch and its revocation exactly one side wins', async () => {
  const rig = await openRig();
  const tally = { launched: 0, revoked: 0 };
  const calls: DriverCall[] = [];
  const begunMs = performance.now();
  await rig.run({ command: 'true' });
  // From "at once" to "long after", as this machine is now; where one side always wins, for longer yet.
  let longMs = performance.now() - begunMs;
  for (let round = 0; round < 100 || Math.min(tally.launched, tally.revoked) === 0; round++) {
    if (round > 0 && round % 100 === 0) longMs *= 2;
    const call = rig.call({ command: `echo ran >>ran-${round}` });
    calls.push(call);
    const launching = rig.driver.launch(call);
    const until = performance.now() + (longMs * (round % 100)) / 100;
    while (performance.now() < until) await new Promise(setImmediate);
    await rig.driver.revoke(again(call));
    await launching;
    const end = await Promise.race([rig.fact('run.revoked', call), rig.fact('run.exited', call)]);
    const ran = existsSync(`${rig.stateDir}/ran-${round}`);
    expect({ round, ran }).toEqual({ round, ran: end.type === 'run.exited' });
    tally[end.type === 'run.exited' ? 'launched' : 'revoked']++;
  }
  // Whoever takes back what has ended is told so once more.
  const isEnd = (type: string) => type === 'run.exited' || type === 'run.revoked';
  const ends = calls.map((call) => new Set(rig.factsOf(call).flatMap(({ type }) => (isEnd(type) ? [type] : []))));
  expect(ends.filter(({ size }) => size !== 1)).toEqual([]);
});

test('what outlived a run that is over is ended by the next one, and what is spared or open is not', async () => {
  const rig = await openRig();
  const begin = async (runId: string) => {
    const call = rig.call({ command: 'exec sleep 1000' }, { runId });
    await rig.driver.launch(call);
    return (await rig.fact('run.launched', call)).handle.identity;
  };
  const [over, open, spared] = [await begin('over.1'), await begin('open.1'), await begin('spared.1')];
  const later = await rig.reopen();
  await later.driver.tidy(['open.1'], ['spared'], ['open.1', 'spared.1']);
  const conditions = () => [over, open, spared].map((identity) => identity && conditionOf(identity));
  expect(await eventually(conditions, ([first]) => first === 'gone')).toEqual(['gone', 'running', 'running']);
  expect(later.warnings).toEqual(['something of run over.1 outlived it, and is ended now']);
  expect(readdirSync(`${rig.stateDir}/runs`).sort()).toEqual(['open.1', 'spared.1']);
});
