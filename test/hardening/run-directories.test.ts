import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identify, isAlive } from '../../src/adapters/system/identity.ts';
import { job, type Reeve, server } from '../../src/index.ts';
import { leftIn, startProgram } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { eventually } from '../support/waiting.ts';

const sleeper = (id: string, restart: object | string = 'never') =>
  server({ id, command: 'echo hello; exec sleep 1000', onOrchestratorDeath: 'adopt', restart: restart as 'never' });
const AGAIN = { when: 'always', backoff: { initial: '10ms' } };

const pidOf = (reeve: Reeve, id: string): number => reeve.unit(id).status().run?.pid ?? 0;
const endsOf = (reeve: Reeve, id: string) =>
  reeve
    .unit(id)
    .history()
    .map(({ outcome }) => outcome && [outcome.kind, outcome.signal]);

/** `/name`: in the state directory. Otherwise the run's, or something in it. */
function remove(stateDir: string, runId: string, what: string): void {
  const path = what.startsWith('/') ? what : join('runs', runId, what === 'all of it' ? '' : what);
  rmSync(join(stateDir, path), { recursive: true });
}

const SEEN = ['crashed', 'SIGTERM'];
/** Where nothing tells any more how it ended. */
const LOST = ['lost', null];

describe('what is removed while a run lives costs at most the knowledge of how it ended', () => {
  test.each([
    ['all of it', LOST],
    ['record', LOST],
    ['claim', SEEN],
    ['alive', SEEN],
    ['out', SEEN],
    ['policy', SEEN],
    ['/runs', LOST],
    ['/fifos', SEEN],
    ['/bin', SEEN],
    ['/secrets', SEEN],
  ] as const)('%s', async (what, ending) => {
    const stateDir = stateDirectory();
    const units = [sleeper('api', AGAIN), sleeper('other')];
    const reeve = await opened({ stateDir, units });
    for (const { id } of units) await reeve.unit(id).reached('running', { within: '10s' });
    const [pid, other] = [pidOf(reeve, 'api'), pidOf(reeve, 'other')];
    remove(stateDir, reeve.unit('api').status().run?.runId ?? '', what);
    process.kill(pid, 'SIGTERM');
    await reeve.unit('api').reached('reaped', { within: '5s' });
    await reeve.unit('api').reached('running', { within: '5s' });
    expect({ ends: endsOf(reeve, 'api'), other: [pidOf(reeve, 'other'), endsOf(reeve, 'other')] }).toEqual({
      ends: [null, ending],
      other: [other, [null]],
    });
    // What is launched from now on has all it needs.
    expect((await reeve.run(job({ id: 'next', command: 'echo next' }))).output.tail).toBe('next\n');
    await reeve.close();
    expect(await leftIn(stateDir)).toEqual([]);
  });

  test('a run that is asked to end without its directory ends as asked', async () => {
    const stateDir = stateDirectory();
    const reeve = await opened({ stateDir, units: [sleeper('api')] });
    await reeve.unit('api').reached('running', { within: '10s' });
    const identity = identify(pidOf(reeve, 'api'))!;
    rmSync(join(stateDir, 'runs'), { recursive: true });
    await reeve.unit('api').stop();
    expect([isAlive(identity), endsOf(reeve, 'api')]).toEqual([false, [['stopped', null]]]);
    await reeve.unit('api').terminate();
    expect(reeve.status().units).toEqual([]);
  });
});

describe('what is removed while nobody orchestrates', () => {
  test.each([
    ['all of it', 'lives', 'running', null],
    ['all of it', 'has ended', 'reaped', LOST],
    ['record', 'lives', 'running', null],
    ['record', 'has ended', 'reaped', LOST],
    ['claim', 'lives', 'running', null],
    ['claim', 'has ended', 'reaped', SEEN],
    ['alive', 'lives', 'running', null],
    ['alive', 'has ended', 'reaped', SEEN],
    ['/runs', 'lives', 'running', null],
    ['/runs', 'has ended', 'reaped', LOST],
    ['/secrets', 'lives', 'running', null],
    ['/secrets', 'has ended', 'reaped', SEEN],
  ] as const)('%s of a run that %s: it is %s', async (what, fate, state, ending) => {
    const stateDir = stateDirectory();
    const host = startProgram(
      stateDir,
      `const sleeper = (id) =>
         server({ id, command: 'echo hello; exec sleep 1000', onOrchestratorDeath: 'adopt', restart: 'never' });
       const reeve = await openReeve({ stateDir, units: [sleeper('api'), sleeper('other')] });
       for (const unit of reeve.units()) await unit.reached('running', { within: '20s' });
       console.log('runs', JSON.stringify(reeve.units().map((unit) => unit.status().run)));`,
    );
    const [api, other] = JSON.parse(await host.said('runs ')) as { runId: string; pid: number }[];
    await host.end('SIGKILL');
    const identity = identify(api!.pid)!;
    if (fate === 'has ended') process.kill(api!.pid, 'SIGTERM');
    await eventually(
      () => isAlive(identity),
      (lives) => lives === (fate === 'lives'),
    );
    remove(stateDir, api!.runId, what);
    const reeve = await opened({ stateDir, units: [sleeper('api'), sleeper('other')] });
    await reeve.unit('api').reached(state, { within: '10s' });
    expect({ ends: endsOf(reeve, 'api'), alive: isAlive(identity), other: pidOf(reeve, 'other') }).toEqual({
      ends: [ending],
      alive: state === 'running',
      other: other!.pid,
    });
    await reeve.close();
    expect(await leftIn(stateDir)).toEqual([]);
  });
});
