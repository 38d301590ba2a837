import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { readRecord } from '../../../src/adapters/process/record.ts';
import { conditionOf } from '../../../src/adapters/system/identity.ts';
import type { ProcessIdentity } from '../../../src/machines/vocabulary.ts';
import { leftIn } from '../../support/host.ts';
import { stateDirectory } from '../../support/state-directory.ts';
import { openCrashable, slowLauncher, UNIT } from './crashable.ts';
import { again, closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

/** Who has claimed the run in this directory, as soon as that is known. */
async function launcherIn(directory: string): Promise<ProcessIdentity> {
  const launcher = () => readRecord(join(directory, 'record'))?.launcher ?? null;
  await expect.poll(launcher, { timeout: 8_000 }).not.toBeNull();
  return launcher()!;
}

async function stopped(launcher: ProcessIdentity): Promise<void> {
  process.kill(launcher.pid, 'SIGSTOP');
  await expect.poll(() => conditionOf(launcher)).toBe('stopped');
}

async function launchedSlowly() {
  const rig = await openRig();
  slowLauncher(rig.stateDir);
  const witness = join(rig.stateDir, 'witness');
  const call = rig.call({ command: `echo acted >${witness}` });
  await rig.driver.launch(call);
  return { rig, call, witness, launcher: await launcherIn(rig.path(call, '')) };
}

describe('a launch that was claimed, and has not said who the command is', () => {
  test('says what its launcher does instead', async () => {
    const { rig, call, launcher } = await launchedSlowly();
    await rig.driver.revoke(again(call));
    await stopped(launcher);
    await rig.driver.revoke(again(call));
    const { pid } = launcher;
    const details = rig.facts.map((fact) => fact.type === 'run.claimed' && fact.detail);
    expect(details).toEqual([
      expect.stringMatching(/^its launcher \(pid \d+\) has not begun the command$/),
      `its launcher was stopped by a signal. To continue it: kill -CONT ${pid}`,
    ]);
  });

  test('never comes to life after it was killed, though its launcher was stopped then', async () => {
    const { rig, call, witness, launcher } = await launchedSlowly();
    await stopped(launcher);
    await rig.driver.endRun(again(call), 'kill');
    expect(await rig.fact('run.launch-failed', call)).toMatchObject({ resource: true });
    // What the launcher has waited for.
    writeFileSync(rig.path(call, 'go'), '');
    await expect.poll(() => conditionOf(launcher)).toBe('gone');
    await rig.driver.sweep(again(call), 'terminate');
    await rig.fact('run.swept', call);
    expect([existsSync(witness), rig.warnings]).toEqual([false, []]);
  });

  test('is killed by an orchestrator that did not launch it, too', async () => {
    const { rig, call, launcher } = await launchedSlowly();
    await stopped(launcher);
    await rig.driver.close();
    const later = await rig.reopen();
    expect(await later.driver.sight(call.run)).toEqual({ is: 'claimed' });
    await later.driver.attach(again(call));
    await later.driver.endRun(again(call), 'kill');
    await later.over(call);
    expect(conditionOf(launcher)).toBe('gone');
  });
});

test('a launcher that dies between claim and name is a failure, not something to do again at once', async () => {
  const rig = await openRig();
  const directory = join(rig.stateDir, 'bin');
  const [name = ''] = readdirSync(directory).filter((one) => one.startsWith('launch-'));
  writeFileSync(join(directory, name), 'true >"$2/claim"\n');
  const call = rig.call({ command: 'true' });
  await rig.driver.launch(call);
  expect(await rig.fact('run.launch-failed', call)).toMatchObject({
    resource: true,
    problem: { code: 'LaunchRefused', message: expect.stringContaining('the launcher ended before it could') },
  });
});

test('a launch that waits while its unit is forgotten never happens', async () => {
  const tools = stateDirectory();
  const slow = `#!/bin/sh\nuntil [ -e "${tools}/go" ]; do sleep 0.02; done\nexec /usr/bin/mkfifo "$@"\n`;
  writeFileSync(join(tools, 'mkfifo'), slow, { mode: 0o700 });
  const rig = await openRig(process.env, { toolsPath: `${tools}:${process.env.PATH}` });
  const call = rig.call({ command: 'echo ran >ran; exec sleep 1000' });
  const launching = rig.driver.launch(call);
  await rig.driver.revoke(again(call));
  await rig.fact('run.revoked', call);
  await rig.driver.discard(call.run);
  writeFileSync(join(tools, 'go'), '');
  await launching;
  expect([rig.factsOf(call).map(({ type }) => type), existsSync(rig.path(call, ''))]).toEqual([['run.revoked'], false]);
});

test('a launcher whose end cannot be accounted for takes nobody with it, and is asked after later', async () => {
  const rig = await openRig();
  const directory = join(rig.stateDir, 'bin');
  const [name = ''] = readdirSync(directory).filter((one) => one.startsWith('launch-'));
  // Where its claim should be is something else.
  writeFileSync(join(directory, name), 'rm -r "$2" && : >"$2" && : >"$2.gone"\n');
  const call = rig.call({ command: 'true' });
  await rig.driver.launch(call);
  await expect.poll(() => existsSync(`${rig.path(call, '')}.gone`), { timeout: 5_000 }).toBe(true);
  await expect(rig.driver.revoke(again(call))).rejects.toThrow('EEXIST');
});

test.each(['stop', 'terminate'] as const)(
  'a %s of a launch whose launcher is stopped is answered, and nothing is left',
  async (what) => {
    const stateDir = stateDirectory();
    const spec = { command: 'sleep 1000', restart: 'always', stop: { grace: '200ms' } };
    const { orchestrator, runs, crash, state } = await openCrashable(stateDir, spec);
    onTestFinished(crash);
    slowLauncher(stateDir);
    const started = orchestrator.request(UNIT, 'start.requested', 'test').catch(({ code }) => code);
    await expect.poll(() => runs().length).toBe(1);
    const launcher = await launcherIn(join(stateDir, 'runs', runs()[0]!.runId));
    await stopped(launcher);
    const answered = orchestrator.request(UNIT, `${what}.requested`, 'test', AbortSignal.timeout(8_000));
    expect([await started, await answered]).toEqual(['Superseded', undefined]);
    expect(runs()).toMatchObject([{ outcome: { kind: what === 'stop' ? 'stopped' : 'terminated', by: 'test' } }]);
    if (what === 'stop') expect(state()).toBe('reaped/settled');
    expect([conditionOf(launcher), await leftIn(stateDir)]).toEqual(['gone', []]);
  },
);
