import { describe, expect, onTestFinished, test } from 'vitest';
import { type JobFunction, job, openReadOnly, openReeve, type UnitSpec, whatToHeal } from '../../src/index.ts';
import { startProgram } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';

/** The same jobs in every program; only the functions differ. */
const jobs = (run: JobFunction): UnitSpec[] => [
  job({ id: 'again', run, onOrchestratorDeath: 'rerun' }),
  job({ id: 'once', run }),
];

/** A state directory whose program was killed while both worked. */
async function killedAtWork(): Promise<string> {
  const stateDir = stateDirectory();
  const host = startProgram(
    stateDir,
    `const run = () => new Promise(() => {});
     const units = [job({ id: 'again', run, onOrchestratorDeath: 'rerun' }), job({ id: 'once', run })];
     const reeve = await openReeve({ stateDir, units });
     for (const { id } of units) await reeve.unit(id).reached('running', { within: '20s' });
     console.log('works');`,
  );
  onTestFinished(async () => void (await host.end('SIGKILL')));
  await host.said('works');
  await host.end('SIGKILL');
  return stateDir;
}

describe('a function whose program was killed', () => {
  test('is run again where its spec says so, as another attempt, and has failed where it does not', async () => {
    const stateDir = await killedAtWork();
    const calls: number[] = [];
    const reeve = await opened({ stateDir, units: jobs(({ attempt }) => void calls.push(attempt)) });
    await reeve.unit('again').reached('finished', { within: '10s' });
    expect(calls).toEqual([2]);
    const outcomes = ['again', 'once'].map((id) =>
      reeve
        .unit(id)
        .history()
        .map(({ outcome }) => outcome?.kind),
    );
    expect(outcomes).toEqual([['finished', 'lost'], ['lost']]);
    expect(reeve.unit('once').status()).toMatchObject({
      outcome: 'lost',
      why: 'the program that it was a function of died',
    });
  });

  test('is waited for by those who do not have it, who say so, and runs as soon as somebody has it', async () => {
    const stateDir = await killedAtWork();
    const files = openReadOnly(stateDir);
    expect(files.status().units.map(({ state, why }) => [state, why])).toEqual(
      ['again', 'once'].map(() => [
        'running',
        'its program is gone, and it with that; the next one to open this records it',
      ]),
    );
    files.close();
    expect(whatToHeal(stateDir).actions).toEqual(
      ['again', 'once'].map((unit) => ({
        unit,
        found: 'its program is gone, and it with that',
        did: 'would be recorded',
      })),
    );
    const other = await openReeve({ stateDir });
    expect(await other.unit('again').reached('settled', { within: '10s' })).toMatchObject({
      why: expect.stringMatching(/^The function of "again" is not in this program. It runs when a program opens/),
    });
    await expect(other.unit('once').start()).rejects.toThrow('The function of "once" is not in this program');
    await other.close({ leave: true });
    const calls: string[] = [];
    const third = await opened({ stateDir, units: jobs(() => calls.push('called')) });
    await third.unit('again').reached('finished', { within: '10s' });
    expect(calls).toEqual(['called']);
  });
});

test('a promise that a function leaves to nobody fails the function, and no other may be lost that way', async () => {
  const host = startProgram(
    stateDirectory(),
    `const reeve = await openReeve({ stateDir });
     const run = async () => { Promise.reject(new Error('nobody waits')); await new Promise(setImmediate); };
     const { outcome, error } = await reeve.run(job({ id: 'index', run }));
     console.log('result', outcome, error);
     Promise.reject(new Error('of the program'));`,
  );
  expect(await host.said('result ')).toBe('failed a promise that it did not wait for: nobody waits');
  expect(await host.ended).toEqual({ code: 1, signal: null });
  expect(host.lines.join('\n')).toContain('Error: of the program');
});

test('what a function rejects as it is aborted, or long after its program has closed reeve, ends nobody', async () => {
  const host = startProgram(
    stateDirectory(),
    `const reeve = await openReeve({ stateDir });
     const heeding = async ({ signal }) => {
       const aborted = new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)));
       console.log('works');
       await new Promise((done) => signal.addEventListener('abort', () => setImmediate(done)));
       await aborted;
     };
     const result = reeve.run(job({ id: 'heeding', run: heeding }));
     await reeve.unit('heeding').reached('running', { within: '10s' });
     await reeve.unit('heeding').stop();
     console.log('result', (await result).outcome);

     const closed = Promise.withResolvers();
     const leaving = async () => void closed.promise.then(() => Promise.reject(new Error('too late')));
     console.log('left', (await reeve.run(job({ id: 'leaving', run: leaving }))).outcome);
     await reeve.close();
     closed.resolve();
     await new Promise(setImmediate);
     console.log('lives on');`,
  );
  expect(await host.ended).toEqual({ code: 0, signal: null });
  expect(host.lines.filter((line) => /^(result|left|lives)/.test(line))).toEqual([
    'result stopped',
    'left finished',
    'lives on',
  ]);
});
