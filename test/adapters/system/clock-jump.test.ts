/** Real processes under a wall clock that jumps, and an orchestrator that does not live through some of the time. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { conditionOf, identify } from '../../../src/adapters/system/identity.ts';
import { type Clock, job, type Reeve, server } from '../../../src/index.ts';
import { startProgram } from '../../support/host.ts';
import { opened } from '../../support/opened.ts';
import { stateDirectory } from '../../support/state-directory.ts';

const SOON = { timeout: 15_000, interval: 10 };
const DAY_MS = 86_400_000;
const JUMPS = [
  ['a day ahead', DAY_MS],
  ['a day back', -DAY_MS],
] as const;

/** The clock of this machine, but for what people say the time is. */
function clockThatJumps(): { readonly clock: Clock; jump(ms: number): void } {
  const real = systemClock();
  let jumpedMs = 0;
  return {
    clock: { ...real, wallMs: () => real.wallMs() + jumpedMs },
    jump: (ms) => {
      jumpedMs += ms;
    },
  };
}

const SLEEPS = { command: 'exec sleep 1000' };
const API = { id: 'api', ...SLEEPS, alive: { exec: 'echo >>asked', every: '20ms', failures: 1 } } as const;
const DEAF = { id: 'deaf', command: 'trap "" TERM; while :; do sleep 0.1; done', stop: { grace: '200ms' } } as const;
/** Waits an hour for its deadline, and for its next run. */
const BUILD = { id: 'build', ...SLEEPS, timeout: '1h' } as const;
const FLAKY = {
  id: 'flaky',
  command: 'exit 1',
  restart: { when: 'failure', backoff: { initial: '1h', max: '1h' } },
} as const;

/** What each unit does, and by which process. */
const statesOf = (reeve: Reeve) =>
  reeve.units().map((unit) => `${unit.id} ${unit.status().state}/${unit.status().substate} ${unit.status().run?.pid}`);

/** Until it was asked some times more. */
async function askedMore(cwd: string): Promise<void> {
  const count = () => (existsSync(join(cwd, 'asked')) ? readFileSync(join(cwd, 'asked'), 'utf8').length : 0);
  const before = count();
  await expect.poll(count, SOON).toBeGreaterThan(before + 3);
}

test.each(JUMPS)('a wall clock that is set %s moves no deadline, and ends nothing that is healthy', async (_, ms) => {
  const [stateDir, cwd] = [stateDirectory(), stateDirectory()];
  const { clock, jump } = clockThatJumps();
  const units = [server({ cwd, ...API }), job({ cwd, ...BUILD }), server({ cwd, ...FLAKY }), server({ cwd, ...DEAF })];
  const reeve = await opened({ stateDir, clock, units });
  await expect.poll(() => reeve.unit('flaky').status().substate, SOON).toBe('backoff');
  await askedMore(cwd);
  const before = statesOf(reeve);
  const said: string[] = [];
  reeve.observe(({ event }) => said.push(event.type));
  jump(ms);
  await askedMore(cwd);
  expect([said, statesOf(reeve)]).toEqual([[], before]);
  // What is due is done, neither at once nor never.
  const startedMs = clock.monoMs();
  await reeve.unit('deaf').stop();
  expect(clock.monoMs() - startedMs).toBeGreaterThanOrEqual(200);
  expect(reeve.unit('deaf').history()[0]?.outcome).toMatchObject({ kind: 'stopped', signal: 'SIGKILL' });
});

test.each(JUMPS)('nor does one that was set %s while nobody orchestrated', async (_, ms) => {
  const [stateDir, cwd] = [stateDirectory(), stateDirectory()];
  const units = [API, FLAKY].map((unit) => `server(${JSON.stringify({ cwd, ...unit })})`);
  const host = startProgram(
    stateDir,
    `const units = [${units}, job(${JSON.stringify({ cwd, ...BUILD })})];
     const reeve = await openReeve({ stateDir, units, onOrchestratorDeath: 'adopt' });
     await Promise.all(reeve.units().map((unit) => unit.reached(unit.id === 'flaky' ? 'reaped' : 'running')));
     console.log('pids', ...reeve.units().map((unit) => unit.status().run?.pid));`,
  );
  const [api, , build] = (await host.said('pids ')).split(' ');
  await host.end('SIGKILL');
  const { clock, jump } = clockThatJumps();
  jump(ms);
  const reeve = await opened({ stateDir, clock });
  await askedMore(cwd);
  const states = [`api running/healthy ${api}`, 'flaky reaped/backoff undefined', `build running/null ${build}`];
  expect(statesOf(reeve)).toEqual(states);
});

test('an orchestrator that stood still for seconds holds what it missed against nobody', async () => {
  const [stateDir, cwd] = [stateDirectory(), stateDirectory()];
  // The first time it takes too long; but nobody was there to hear it in time.
  const exec = 'echo >>asked; while [ ! -e go ]; do sleep 0.01; done';
  const unit = { ...{ id: 'api', cwd, ...SLEEPS }, alive: { exec, every: '1s', timeout: '1s', failures: 1 } };
  const host = startProgram(
    stateDir,
    `const reeve = await openReeve({ stateDir, units: [server(${JSON.stringify(unit)})] });
     reeve.observe(({ event }) => console.log('event', event.type));
     await reeve.unit('api').reached('running');
     console.log('pid', reeve.unit('api').status().run.pid);`,
  );
  const api = identify(Number(await host.said('pid ')))!;
  await expect.poll(() => existsSync(join(cwd, 'asked')), { ...SOON, interval: 1 }).toBe(true);
  process.kill(host.pid, 'SIGSTOP');
  const before = host.lines.length;
  // Longer than any pause that it could take for its own slowness.
  await new Promise<void>((resolve) => void systemClock().setTimer(3_500, resolve));
  process.kill(host.pid, 'SIGCONT');
  await expect.poll(() => readFileSync(join(cwd, 'asked'), 'utf8'), SOON).toBe('\n\n');
  writeFileSync(join(cwd, 'go'), '');
  await askedMore(cwd);
  expect([host.lines.slice(before), conditionOf(api)]).toEqual([[], 'running']);
  await host.end('SIGKILL');
});
