import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Clock, Log } from '../../../src/actors/ports.ts';
import { isHeld } from '../../../src/adapters/process/liveness.ts';
import { openSpawner } from '../../../src/adapters/process/spawner.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { conditionOf, identityOf } from '../../../src/adapters/system/identity.ts';
import { sendSignal } from '../../../src/adapters/system/signal.ts';
import { startHost } from '../../support/host.ts';
import { stateDirectory } from '../../support/state-directory.ts';
import { gone, soon } from './guardians.ts';
import { again, closeRigs, openRig, type Rig } from './rig.ts';
import { openSpawned, spawnerOf, spawnersIn } from './spawners.ts';

afterEach(closeRigs);

const orchestrator = new URL('../../fixtures/orchestrator.ts', import.meta.url).pathname;
const BURST = 60;

/** The runs that have acted, each as often as it has. */
const actsIn = ({ stateDir }: Rig): readonly string[] =>
  readFileSync(join(stateDir, 'witness'), 'utf8').trim().split('\n');

test('a spawner that is killed in a burst costs what it had not begun, and the next launch has another', async () => {
  const rig = await openSpawned();
  const spawner = await spawnerOf(rig);
  const burst = () => Array.from({ length: BURST / 2 }, () => rig.call({ command: 'echo "$REEVE_RUN" >>witness' }));
  const [sooner, later] = [burst(), burst()];
  const launches = sooner.map((call) => rig.driver.launch(call));
  await rig.fact('run.launched', sooner[0]!);
  sendSignal(identityOf(spawner), 'SIGSTOP');
  launches.push(...later.map((call) => rig.driver.launch(call)));
  sendSignal(identityOf(spawner), 'SIGKILL');
  await Promise.all(launches);
  await Promise.all([...sooner, ...later].map((call) => rig.over(call)));

  const endsOf = (type: string) => rig.facts.filter((fact) => fact.type === type);
  // One is of the run before.
  const [ran, failed] = [endsOf('run.exited').length - 1, endsOf('run.launch-failed').length];
  const acts = actsIn(rig);
  expect([ran + failed, acts.length, new Set(acts).size]).toEqual([BURST, ran, ran]);
  expect([ran > 0, failed >= BURST / 2]).toEqual([true, true]);
  expect(endsOf('run.launch-failed').at(-1)).toMatchObject({
    resource: true,
    problem: { code: 'LaunchRefused', message: 'Cannot start the launcher: the spawner ended before it answered.' },
  });
  expect(rig.warnings).toEqual(['the spawner has ended; the next launch starts another']);
  expect((await rig.run({ command: 'exit 3' })).exited.exit.code).toBe(3);
  expect(spawnersIn(rig.stateDir).map(({ pid }) => pid === spawner.pid)).toEqual([false]);
});

test('what a killed spawner has started runs on, and ends with its own code', async () => {
  const rig = await openSpawned();
  const spawner = await spawnerOf(rig);
  const { call } = await rig.launch({ command: 'until [ -e go ]; do sleep 0.02; done; exit 7' });
  sendSignal(identityOf(spawner), 'SIGKILL');
  await gone(identityOf(spawner));
  execFileSync('touch', [join(rig.stateDir, 'go')]);
  expect((await rig.fact('run.exited', call)).exit).toMatchObject({ code: 7, certain: true });
});

test.each([
  ['an orchestrator', false],
  ['an orchestrator, and its spawner with it,', true],
])('%s that is killed in a burst has launched each run once or never', async (_, isSpawnerToo) => {
  const rig = await openRig();
  const unit = { kind: 'job', id: 'orphan', command: 'echo "$REEVE_RUN" >>witness', cwd: rig.stateDir };
  const words = [orchestrator, rig.stateDir, rig.ownerId, JSON.stringify(unit), 'spawner', String(BURST)];
  const host = startHost(words);
  await host.said('{"type":"run.launched"');
  const [spawner] = spawnersIn(rig.stateDir);
  const ended = host.end('SIGKILL');
  if (isSpawnerToo) sendSignal(identityOf(spawner!), 'SIGKILL');
  await ended;
  await gone(identityOf(spawner!));

  const calls = Array.from({ length: BURST }, (_, index) => rig.call({}, { runId: `orphan.${index + 1}` }));
  const settled = async () => Promise.all(calls.map(async ({ run }) => (await rig.driver.sight(run)).is));
  // What was just beginning may take a moment.
  await expect.poll(async () => new Set(await settled()), soon).toEqual(new Set(['ended', 'revoked']));
  const ran = (await settled()).flatMap((is, index) =>
    is === 'ended' ? [`${rig.ownerId}/orphan/orphan.${index + 1}`] : [],
  );
  expect(actsIn(rig).toSorted()).toEqual(ran.toSorted());
});

describe('while its spawner is stopped, a launch', () => {
  async function launchedInVain() {
    const rig = await openSpawned();
    const spawner = await spawnerOf(rig);
    sendSignal(identityOf(spawner), 'SIGSTOP');
    await expect.poll(() => conditionOf(identityOf(spawner))).toBe('stopped');
    const call = rig.call({ command: 'echo acted >witness' });
    const launched = rig.driver.launch(call);
    await expect.poll(() => existsSync(rig.path(call, 'record'))).toBe(true);
    // Or whoever watches it would hear of an end.
    expect(isHeld(rig.path(call, 'alive'))).toBe(true);
    const goesOn = async () => {
      sendSignal(identityOf(spawner), 'SIGCONT');
      await launched;
      // What was ordered later has begun later.
      await rig.run({ command: 'true' });
      return existsSync(join(rig.stateDir, 'witness'));
    };
    return { rig, call, goesOn };
  }

  test('can be taken back, and does not begin when it goes on', async () => {
    const { rig, call, goesOn } = await launchedInVain();
    await rig.driver.revoke(again(call));
    await rig.fact('run.revoked', call);
    expect(await goesOn()).toBe(false);
    expect(rig.facts.filter(({ type }) => type === 'run.launch-failed')).toEqual([]);
  });

  test('can be killed, and does not begin when it goes on', async () => {
    const { rig, call, goesOn } = await launchedInVain();
    await rig.driver.endRun(again(call), 'kill');
    expect(await rig.fact('run.launch-failed', call)).toMatchObject({
      resource: true,
      problem: { message: 'Cannot start the launcher: it ended before it began, by SIGKILL.' },
    });
    expect(await goesOn()).toBe(false);
  });

  test('is answered when the driver is closed', async () => {
    const { rig, call } = await launchedInVain();
    await rig.driver.close();
    const later = await rig.reopen();
    expect((await later.driver.sight(call.run)).is).toBe('revoked');
    expect(existsSync(join(rig.stateDir, 'witness'))).toBe(false);
  });
});

test('a spawner that has no descriptors left refuses a launch for now, and starts the next one', async () => {
  const rig = await openSpawned();
  const { pid } = await spawnerOf(rig);
  const limit = (soft: string) => execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${soft}:`]);
  limit('10');
  const call = rig.call({ command: 'true' });
  await rig.driver.launch(call);
  expect(await rig.fact('run.launch-failed', call)).toMatchObject({
    resource: true,
    problem: { code: 'LaunchRefused', message: expect.stringContaining('EMFILE') },
  });
  limit('1000');
  expect((await rig.run({ command: 'exit 3' })).exited.exit.code).toBe(3);
});

describe('a spawner', () => {
  /** Timers fire when the test says so. */
  function handClock(): { clock: Clock; fire(): void } {
    const due = new Set<() => void>();
    const setTimer = (_: number, fire: () => void) => {
      due.add(fire);
      return () => void due.delete(fire);
    };
    return { clock: { ...systemClock(), setTimer }, fire: () => [...due].map((fire) => fire()) };
  }
  /** All time is over at once. */
  const hasty: Clock['setTimer'] = (_, fire) => {
    queueMicrotask(fire);
    return () => {};
  };
  function open(instead: Partial<Clock> = {}) {
    const [stateDir, warnings, { clock: byHand, fire }] = [stateDirectory(), [] as string[], handClock()];
    const clock = { ...byHand, ...instead };
    const quiet = () => {};
    const log: Log = { debug: quiet, info: quiet, error: quiet, warn: (_, message) => void warnings.push(message) };
    const spawner = openSpawner({ stateDir, clock, log, usesSpawner: true });
    onTestFinished(() => spawner.close());
    return { stateDir, warnings, fire, spawner };
  }
  const order = { words: ['/bin/true'], cwd: '/', env: {} };

  test('kills what it has started, if it is told to', async () => {
    const forks = await open().spawner.standing();
    const { begun, ended, kill } = forks!.fork({ ...order, words: ['/bin/sleep', '1000'] });
    expect(await begun).toBeGreaterThan(0);
    kill();
    expect(await ended).toBe('SIGKILL');
  });

  test('that answers nobody for long is replaced', async () => {
    const { stateDir, spawner, fire } = open();
    const first = await spawner.standing();
    const [stat] = spawnersIn(stateDir);
    sendSignal(identityOf(stat!), 'SIGSTOP');
    const asked = Promise.all([first!.fork(order).begun.catch(({ message }) => message), first!.run(order)]);
    fire();
    expect(await asked).toEqual(['Cannot start the launcher: the spawner ended before it answered.', false]);
    const second = await spawner.standing();
    expect([
      second === first,
      await second!.run(order),
      await second!.run({ ...order, words: ['/bin/false'] }),
    ]).toEqual([false, true, false]);
  });

  test('whose channel is closed begins nothing more of what it was told before', async () => {
    const { stateDir, spawner } = open();
    const forks = await spawner.standing();
    const [stat] = spawnersIn(stateDir);
    sendSignal(identityOf(stat!), 'SIGSTOP');
    await expect.poll(() => conditionOf(identityOf(stat!))).toBe('stopped');
    const made = Array.from({ length: 20 }, (_, index) => join(stateDir, `made-${index}`));
    const asked = made.map((path) => forks!.run({ ...order, words: ['/usr/bin/touch', path] }));
    const closed = spawner.close();
    expect(await Promise.all(asked)).toEqual(made.map(() => false));
    sendSignal(identityOf(stat!), 'SIGCONT');
    await closed;
    // What it was about to do when it heard of it.
    expect(made.filter((path) => existsSync(path)).length).toBeLessThanOrEqual(1);
  });

  test('that does not come up is done without from then on: it may be no spawner', async () => {
    const { stateDir, spawner, warnings } = open({ setTimer: hasty });
    expect([await spawner.standing(), await spawner.standing()]).toEqual([null, null]);
    await expect.poll(() => spawnersIn(stateDir), soon).toEqual([]);
    expect(warnings).toEqual([
      'launches stop this process for a moment from now on. Cannot start the spawner: it was not there within 5000 ms.',
    ]);
  });
});
