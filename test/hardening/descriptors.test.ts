import { describe, expect, test } from 'vitest';
import { type Host, leftIn, startProgram } from '../support/host.ts';
import { stateDirectory } from '../support/state-directory.ts';

/** A program that can take all descriptors there are, but for a few, and give them back. */
function fewDescriptors(stateDir: string, limit: number, program: string): Host {
  const source = `
    const { closeSync, openSync } = await import('node:fs');
    const taken = [];
    const take = (spare) => {
      try {
        for (;;) taken.push(openSync('/dev/null', 'r'));
      } catch {
        for (let left = spare; left > 0; left--) closeSync(taken.pop());
      }
    };
    const giveBack = () => taken.splice(0).forEach((descriptor) => closeSync(descriptor));
    const say = (word, value) => console.log(word + JSON.stringify(value));
    process.on('unhandledRejection', (error) => say('unhandled', String(error)));
    // Whatever is loaded lazily is loaded now.
    console.log('begins'); console.error('begins');
    const brief = ({ id, state, substate, outcome, why, run }) => [id, state, substate, outcome, why, run?.pid];
    const statusOf = (reeve) => reeve.units().map((unit) => brief(unit.status()));
    const again = { when: 'failure', max: 1, within: '10m', backoff: { initial: '20ms', max: '20ms' } };
    const sleeper = (id) => server({ id, command: ['sleep', '1000'], restart: again });
    ${program}
  `;
  return startProgram(stateDir, source, { under: ['/bin/sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'sh'] });
}

async function said(host: Host, word: string): Promise<unknown> {
  return JSON.parse(await host.said(word));
}

describe('without free descriptors', () => {
  test.each([0, 1, 2, 4])('and %i to spare, a launch is tried again until there are more', async (spare) => {
    const stateDir = stateDirectory();
    const host = fewDescriptors(
      stateDir,
      256,
      `const reeve = await openReeve({ stateDir, units: [sleeper('runs')] });
       await reeve.unit('runs').reached('running', { within: '10s' });
       const before = statusOf(reeve);
       reeve.add(sleeper('late'));
       take(${spare});
       const fails = new Promise((resolve) => {
         let count = 0;
         reeve.observe((entry) => {
           if (entry.event.type === 'run.launch-failed' && ++count === 3) resolve(entry.event);
         });
       });
       void reeve.unit('late').start();
       const { problem, resource } = await fails;
       const untouched = JSON.stringify(statusOf(reeve)[0]) === JSON.stringify(before[0]);
       giveBack();
       say('failed', { code: problem.code, hint: problem.hint, resource, untouched });
       await reeve.unit('late').reached('running', { within: '10s' });
       const still = JSON.stringify(statusOf(reeve)[0]) === JSON.stringify(before[0]);
       say('recovered', [reeve.unit('late').status().state, still]);
       await reeve.close();
       say('closed', true);`,
    );
    expect([await said(host, 'failed'), await said(host, 'recovered'), await said(host, 'closed')]).toEqual([
      {
        code: 'LaunchRefused',
        hint: 'This process has too many files open: see ulimit -n. It is tried again.',
        resource: true,
        untouched: true,
      },
      ['running', true],
      true,
    ]);
    expect(await host.ended).toEqual({ code: 0, signal: null });
    expect(host.lines.filter((line) => line.startsWith('unhandled'))).toEqual([]);
    expect(await leftIn(stateDir)).toEqual([]);
  });

  test('a process that ends is noticed, and one that shall end is ended once it can be told who it is', async () => {
    const stateDir = stateDirectory();
    const host = fewDescriptors(
      stateDir,
      256,
      `const once = (id) => server({ id, command: ['sleep', '1000'], restart: 'never' });
       let isRefused;
       const refused = new Promise((resolve) => { isRefused = resolve; });
       const quiet = () => {};
       const warn = (_, words) => { if (words.includes('SIGTERM was not sent')) isRefused(); };
       const logger = { debug: quiet, info: quiet, warn, error: quiet };
       const reeve = await openReeve({ stateDir, logger, units: [once('dies'), once('stops')] });
       for (const unit of reeve.units()) await unit.reached('running', { within: '10s' });
       take(0);
       process.kill(reeve.unit('dies').status().run.pid, 'SIGKILL');
       const stopped = reeve.unit('stops').stop();
       await refused;
       giveBack();
       await stopped;
       await reeve.unit('dies').reached('settled', { within: '10s' });
       say('outcomes', reeve.units().map((unit) => unit.history()[0].outcome.kind));
       await reeve.close();`,
    );
    expect(await said(host, 'outcomes')).toEqual(['crashed', 'stopped']);
    expect((await host.ended).code).toBe(0);
    expect(await leftIn(stateDir)).toEqual([]);
  });

  test('openReeve says so, whatever it gets to, and leaves nothing half open', async () => {
    const stateDir = stateDirectory();
    const host = fewDescriptors(
      stateDir,
      256,
      `await (await openReeve({ stateDir: stateDir + '/first', units: [] })).close();
       const refusals = [];
       for (let spare = 0; ; spare++) {
         take(spare);
         const place = stateDir + '/' + spare;
         const opened = await openReeve({ stateDir: place }).catch((error) => error);
         giveBack();
         const isOpen = !(opened instanceof Error);
         if (!isOpen) refusals.push([opened.code, opened.hint.length > 0]);
         const reeve = isOpen ? opened : await openReeve({ stateDir: place });
         await reeve.close();
         if (isOpen) break;
       }
       say('refusals', refusals);`,
    );
    const refusals = (await said(host, 'refusals')) as [string, boolean][];
    expect((await host.ended).code).toBe(0);
    expect(refusals.length).toBeGreaterThan(3);
    const known = ['OpenRefused', 'StateDirUnusable', 'StoreUnopenable'];
    expect(refusals.filter(([code, hasHint]) => !known.includes(code) || !hasHint)).toEqual([]);
    expect(await leftIn(stateDir)).toEqual([]);
  });

  test('a limit below what a launch needs at all is told as such', async () => {
    const stateDir = stateDirectory();
    const host = fewDescriptors(
      stateDir,
      128,
      `const reeve = await openReeve({ stateDir, units: [sleeper('runs')] });
       const error = await reeve.unit('runs').reached('running', { within: '10s' }).catch((error) => error);
       say('why', reeve.unit('runs').status().why);
       await reeve.close();`,
    );
    expect(await said(host, 'why')).toBe(
      'Cannot launch the command: spawn EINVAL. ' +
        'No launch is possible with a limit of fewer than 200 open files: see ulimit -n.',
    );
    expect((await host.ended).code).toBe(0);
  });
});
