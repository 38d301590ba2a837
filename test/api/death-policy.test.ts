import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { conditionOf, identify } from '../../src/adapters/system/identity.ts';
import { InvalidSpec, job, type OpenOptions, openReadOnly, openReeve, type Reeve, server } from '../../src/index.ts';
import type { ProcessIdentity } from '../../src/machines/vocabulary.ts';
import { type Host, holdersOf, leftIn, startProgram } from '../support/host.ts';
import { stateDirectory } from '../support/state-directory.ts';

type Policy = OpenOptions['onOrchestratorDeath'];

const clock = systemClock();
const SERVER = { id: 'api', command: ['sleep', '1000'] };
const JOB = { id: 'build', command: ['sleep', '1000'] };

/** A host that runs a server and a job as soon as the directory is free. `options` are those of `openReeve`. */
function startHost(stateDir: string, options: { readonly onOrchestratorDeath?: Policy }): Host {
  const host = startProgram(
    stateDir,
    `const units = [server(${JSON.stringify(SERVER)}), job(${JSON.stringify(JOB)})];
     const ifBusy = (error) => { if (error.code !== 'StateDirBusy') throw error; };
     let reeve;
     console.log('knocks');
     while (!reeve) reeve = await openReeve({ stateDir, units, ...${JSON.stringify(options)} }).catch(ifBusy);
     for (const unit of reeve.units()) await unit.reached('running', { within: '20s' });
     console.log('pids', reeve.units().map((unit) => unit.status().run.pid).join(' '));`,
  );
  onTestFinished(async () => void (await host.end('SIGKILL')));
  return host;
}

/** Who it runs. */
async function processesOf(host: Host): Promise<readonly ProcessIdentity[]> {
  const pids = (await host.said('pids ')).split(' ').map(Number);
  return pids.map((pid) => identify(pid)!);
}
/** Kills the host. Tells when that was, on the clock that `at` waits for. */
async function kill(host: Host): Promise<number> {
  const diedMs = clock.monoMs();
  await host.end('SIGKILL');
  return diedMs;
}

/** Only where a statement is about a moment: what is true at `dueMs` is asked at `dueMs`. */
const at = (dueMs: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(Math.max(0, dueMs - clock.monoMs()), resolve));
const conditions = (processes: readonly ProcessIdentity[]) => processes.map(conditionOf);
const allGone = (processes: readonly ProcessIdentity[], timeout: number) =>
  expect.poll(() => conditions(processes), { timeout, interval: 5 }).toEqual(processes.map(() => 'gone'));
const guardians = (stateDir: string) => holdersOf(stateDir).filter(({ command }) => command.includes('/bin/guardian-'));

async function open(stateDir: string, options: OpenOptions = {}): Promise<Reeve> {
  const reeve = await openReeve({ stateDir, ...options });
  onTestFinished(() => reeve.close());
  return reeve;
}

/** The outcomes of all runs of a unit, the newest first; `null`: it runs. */
const outcomes = (reeve: Reeve, id: string) =>
  reeve
    .unit(id)
    .history()
    .map(({ outcome }) => outcome && [outcome.kind, outcome.by]);

/** Opens again, and expects one new run of each unit, after an end that is told by its cause and its own time. */
async function oneNewRun(stateDir: string, by: string, endedMs: number): Promise<void> {
  const reeve = await open(stateDir);
  for (const id of ['api', 'build']) {
    await reeve.unit(id).reached('running', { within: '10s' });
    expect([id, outcomes(reeve, id)]).toEqual([id, [null, ['stopped', by]]]);
    expect(Math.abs((reeve.unit(id).history()[1]?.outcome?.endedMs ?? 0) - endedMs)).toBeLessThan(1_000);
  }
  await reeve.close();
  expect(await leftIn(stateDir)).toEqual([]);
  expect(readdirSync(stateDir).filter((name) => name.startsWith('owner'))).toEqual([]);
}

describe('after a SIGKILL of the host', () => {
  test('nothing that is to stop with it survives one second, and the next open gives it one new run', async () => {
    const stateDir = stateDirectory();
    const host = startHost(stateDir, { onOrchestratorDeath: 'stop' });
    const processes = await processesOf(host);
    const diedMs = await kill(host);
    await allGone(processes, 1_000);
    expect(clock.monoMs() - diedMs).toBeLessThan(1_000);
    await oneNewRun(stateDir, 'orchestrator-death', clock.wallMs());
  });

  test('a lease of 3 s lets everything live 2 s and nothing 4 s, and the next open gives one new run', async () => {
    const stateDir = stateDirectory();
    const host = startHost(stateDir, { onOrchestratorDeath: { lease: '3s' } });
    const processes = await processesOf(host);
    const diedMs = await kill(host);
    await at(diedMs + 2_000);
    expect(conditions(processes)).toEqual(['running', 'running']);
    await allGone(processes, 3_000);
    expect(clock.monoMs() - diedMs).toBeLessThan(4_000);
    await oneNewRun(stateDir, 'lease', clock.wallMs());
  });

  test('within the lease everything is adopted as it is, and the next death begins a new lease', async () => {
    const stateDir = stateDirectory();
    const lease = { onOrchestratorDeath: { lease: '3s' } } as const;
    const first = startHost(stateDir, lease);
    const processes = await processesOf(first);
    const second = startHost(stateDir, lease);
    await second.said('knocks');
    const diedMs = await kill(first);
    expect(await processesOf(second)).toEqual(processes);
    await at(diedMs + 3_500);
    expect([conditions(processes), guardians(stateDir).length]).toEqual([['running', 'running'], 1]);
    const diedAgainMs = await kill(second);
    await at(diedAgainMs + 2_500);
    expect(conditions(processes)).toEqual(['running', 'running']);
    await allGone(processes, 3_000);
    await oneNewRun(stateDir, 'lease', clock.wallMs());
  });

  test('however the end of a lease and the next open meet, there is one run of each in the end', async () => {
    for (const openAfterMs of [350, 400, 450]) {
      const stateDir = stateDirectory();
      const host = startHost(stateDir, { onOrchestratorDeath: { lease: '400ms' } });
      const processes = await processesOf(host);
      const diedMs = await kill(host);
      await at(diedMs + openAfterMs);
      const reeve = await open(stateDir);
      // Whoever was told to end is gone within a moment; who was not lives on.
      await expect.poll(() => guardians(stateDir).length, { timeout: 5_000 }).toBe(1);
      for (const [index, id] of ['api', 'build'].entries()) {
        await expect
          .poll(
            () => {
              const { state, run } = reeve.unit(id).status();
              return state === 'running' && run?.pid !== null && conditionOf(identify(run?.pid ?? 0)!);
            },
            { timeout: 5_000 },
          )
          .toBe('running');
        const lives = conditionOf(processes[index]!) === 'running';
        expect(outcomes(reeve, id)).toEqual(lives ? [null] : [null, ['stopped', 'lease']]);
      }
      await reeve.close();
      expect(await leftIn(stateDir)).toEqual([]);
    }
  });
});

test('what close leaves goes on, whatever becomes of it when its host dies', async () => {
  const stateDir = stateDirectory();
  const units = [server({ id: 'left', command: ['sleep', '1000'], onOrchestratorDeath: 'stop' })];
  const first = await openReeve({ stateDir, units });
  await first.unit('left').reached('running', { within: '10s' });
  const { pid } = first.unit('left').status().run!;
  await first.close({ leave: true });
  expect([guardians(stateDir), conditionOf(identify(pid!)!)]).toEqual([[], 'running']);
  const second = await open(stateDir, { units });
  expect(second.unit('left').status().run).toMatchObject({ pid, adopted: true });
  await second.close();
  expect(await leftIn(stateDir)).toEqual([]);
});

test.each([
  [undefined, { lease: 30_000 }],
  ['adopt', 'adopt'],
  ['stop', 'stop'],
  [{ lease: '1m' }, { lease: 60_000 }],
] as const)('the option %j is for all units that do not say otherwise', async (onOrchestratorDeath, expected) => {
  const said = server({ id: 'said', command: 'true', onOrchestratorDeath: { lease: 7_000 } });
  const options = onOrchestratorDeath === undefined ? {} : { onOrchestratorDeath };
  const reeve = await open(stateDirectory(), { units: [said, server(SERVER)], start: false, ...options });
  reeve.add(job(JOB));
  const { actor } = reeve.unit('said');
  const specOf = (ref: typeof actor) => ref.getSnapshot().context.spec;
  const decided = reeve.units().map((unit) => [unit.id, specOf(unit.actor).onOrchestratorDeath]);
  expect(decided).toEqual([
    ['said', { lease: 7_000 }],
    ['api', expected],
    ['build', expected],
  ]);
});

test('an option that is no policy is refused before anything is touched', async () => {
  const stateDir = join(stateDirectory(), 'state');
  const opening = openReeve({ stateDir, onOrchestratorDeath: { lease: 'soon' } });
  await expect(opening).rejects.toBeInstanceOf(InvalidSpec);
  await expect(opening).rejects.toThrow('onOrchestratorDeath.lease: "soon" is not a duration');
  expect(existsSync(stateDir)).toBe(false);
});

test('what ended while nobody was there is told by the files as it was, until somebody opens them', async () => {
  const stateDir = stateDirectory();
  const host = startHost(stateDir, { onOrchestratorDeath: 'stop' });
  const processes = await processesOf(host);
  await kill(host);
  await allGone(processes, 5_000);
  const files = openReadOnly(stateDir);
  expect(files.status().units.map(({ state }) => state)).toEqual(['running', 'running']);
  files.close();
  expect(await leftIn(stateDir)).toEqual([]);
});
