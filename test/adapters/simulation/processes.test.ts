import { expect, test } from 'vitest';
import type { Behaviours } from '../../../src/adapters/simulation/behaviour.ts';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { handleOf } from '../../../src/adapters/simulation/process.ts';
import { simulatedProcesses } from '../../../src/adapters/simulation/processes.ts';
import { callFor, listener, runOf } from './calls.ts';

function scene(behaviours: Behaviours = {}, pidsMax?: number) {
  const clock = simulatedClock();
  const { world, driver } = simulatedProcesses({ clock, behaviours, ...(pidsMax && { pidsMax }) });
  const orchestrator = () => {
    const session = clock.session();
    const heard = listener();
    const mine = driver(session);
    void mine.connect(heard.report);
    const crash = () => {
      void mine.close();
      session.end();
    };
    return { driver: mine, heard, crash };
  };
  const handle = (unitId: string) => handleOf(world.process(unitId)!);
  return { clock, world, orchestrator, handle, ...orchestrator() };
}

test('a launch is answered after the call, with the process that it led to and the entry that ordered it', () => {
  const { clock, world, driver, heard } = scene();
  const call = callFor(runOf('api'), '7.0');

  void driver.launch(call);
  expect(heard.reports).toEqual([]);
  clock.flush();

  const process = world.process('api')!;
  expect(heard.reports).toEqual([
    {
      unitId: 'api',
      cause: 7,
      fact: {
        type: 'run.launched',
        generation: 1,
        handle: { pid: 1000, identity: process.identity },
        startedMs: process.startedMs,
        adopted: false,
      },
    },
  ]);
});

test('the same command twice is done once, and another launch of the same run throws', async () => {
  const { clock, world, driver } = scene();
  const call = callFor(runOf('api'));
  await driver.launch(call);
  await driver.launch(call);
  clock.flush();
  expect(world.launches).toHaveLength(1);

  await expect(driver.launch(callFor(runOf('api')))).rejects.toThrow('Run api.1 of "api" was launched twice.');
  expect({ launches: world.launches.length, violations: world.violations }).toEqual({
    launches: 1,
    violations: ['Run api.1 of "api" was launched twice.'],
  });
});

test('another orchestrator that launches the run of a dead one again throws too', async () => {
  const { clock, driver, crash, orchestrator } = scene();
  await driver.launch(callFor(runOf('api'), '3.0'));
  crash();
  clock.flush();
  await expect(orchestrator().driver.launch(callFor(runOf('api'), '3.0'))).rejects.toThrow('launched twice');
});

test('a process dies by itself at its time, with its own exit', () => {
  const { clock, driver, heard } = scene({ build: { diesAfterMs: 400, exit: { code: 3 } } });
  void driver.launch(callFor(runOf('build')));

  clock.advance(399);
  expect(heard.said()).toEqual(['build run.launched']);

  clock.advance(1);
  expect(heard.facts().at(-1)).toEqual({
    type: 'run.exited',
    generation: 1,
    exit: { code: 3, signal: null, rawStatus: 3, certain: true, endedMs: clock.wallMs() },
  });
});

test('a process that ignores its stop signal ends only by SIGKILL', () => {
  const { clock, world, driver, heard, handle } = scene({ api: { onTerminate: 'ignores' } });
  void driver.launch(callFor(runOf('api')));
  clock.flush();

  void driver.endRun(callFor(runOf('api', 1, handle('api'))), 'terminate');
  clock.advance(60_000);
  expect(heard.said()).toEqual(['api run.launched']);

  void driver.endRun(callFor(runOf('api', 1, handle('api'))), 'kill');
  clock.flush();
  expect(world.process('api')).toMatchObject({
    signals: ['SIGTERM', 'SIGKILL'],
    exit: { code: null, signal: 'SIGKILL', rawStatus: 137, certain: true, endedMs: clock.wallMs() },
  });
  expect(heard.said()).toEqual(['api run.launched', 'api run.exited']);
});

test('a slow stop takes its time, and a process that is asked ends by its own code', () => {
  const { clock, world, driver, handle } = scene({
    slow: { onTerminate: { afterMs: 800 } },
    kind: { onAsk: { afterMs: 10 }, exit: { code: 0 } },
  });
  for (const unit of ['slow', 'kind']) void driver.launch(callFor(runOf(unit)));
  clock.flush();
  void driver.endRun(callFor(runOf('slow', 1, handle('slow'))), 'terminate');
  void driver.endRun(callFor(runOf('kind', 1, handle('kind'))), 'ask');

  clock.advance(799);
  expect(world.process('slow')?.exit).toBeNull();
  expect(world.process('kind')?.exit).toMatchObject({ code: 0, signal: null });

  clock.advance(1);
  expect(world.process('slow')?.exit).toMatchObject({ signal: 'SIGTERM' });
});

test('a refused launch says why, and whether the machine was short of something', () => {
  const problem = { code: 'SpawnRefused', message: 'No more processes.', hint: 'Wait.' };
  const { clock, driver, heard } = scene({ api: { launch: { fails: problem, resource: true } } });
  void driver.launch(callFor(runOf('api')));
  clock.flush();
  expect(heard.facts()).toEqual([{ type: 'run.launch-failed', generation: 1, problem, resource: true }]);
});

test('behaviour is by generation, and the last one goes on for ever', () => {
  const { clock, world, driver } = scene({ api: [{ exit: { code: 1 }, diesAfterMs: 5 }, {}] });
  for (const generation of [1, 2, 3]) void driver.launch(callFor(runOf('api', generation)));
  clock.advance(5);
  expect(world.processes().map(({ exit }) => exit?.code ?? 'alive')).toEqual([1, 'alive', 'alive']);
});

test('a launch outlives the orchestrator that ordered it, and the dead one hears nothing of it', async () => {
  const { clock, world, driver, heard, crash, orchestrator } = scene({ api: { launch: { afterMs: 50 } } });
  void driver.launch(callFor(runOf('api')));
  clock.flush();
  crash();
  const next = orchestrator();

  expect(await next.driver.sight(runOf('api'))).toEqual({ is: 'claimed' });
  void next.driver.attach(callFor(runOf('api')));
  clock.advance(50);
  world.kill('api', 'SIGSEGV');
  clock.flush();

  expect({ before: heard.said(), after: next.heard.facts() }).toEqual({
    before: [],
    after: [
      expect.objectContaining({ type: 'run.launched', adopted: true }),
      expect.objectContaining({ type: 'run.exited', exit: expect.objectContaining({ signal: 'SIGSEGV' }) }),
    ],
  });
});

test('a fact on its way to an orchestrator that dies is never delivered', () => {
  const { clock, world, driver, heard, crash } = scene();
  void driver.launch(callFor(runOf('api')));
  clock.flush();
  world.kill('api', 'SIGKILL');
  crash();
  clock.flush();
  expect(heard.said()).toEqual(['api run.launched']);
});

test('a driver that was closed says nothing more, whatever was on its way', async () => {
  const { clock, world, driver, heard } = scene();
  void driver.launch(callFor(runOf('api')));
  clock.flush();
  world.kill('api', 'SIGKILL');
  await driver.close();
  clock.flush();
  expect(heard.said()).toEqual(['api run.launched']);
});

test('a run that nobody began is revoked when it is looked for, and a later launch of it starts nothing', async () => {
  const { clock, world, driver, heard } = scene();
  expect(await driver.sight(runOf('api'))).toEqual({ is: 'revoked' });
  void driver.launch(callFor(runOf('api')));
  clock.advance(1_000);
  expect({ said: heard.said(), launches: world.launches, processes: world.processes() }).toEqual({
    said: ['api run.revoked'],
    launches: [],
    processes: [],
  });
});

test('what a revoke finds is what it says', () => {
  const { clock, driver, heard } = scene({ hung: { launch: 'hangs' }, silent: { launch: 'hangs-claimed' } });
  const units = ['hung', 'silent', 'well'];
  for (const unit of units) void driver.launch(callFor(runOf(unit)));
  clock.flush();
  expect(heard.said()).toEqual(['well run.launched']);

  heard.reports.length = 0;
  for (const unit of units) void driver.revoke(callFor(runOf(unit)));
  clock.advance(60_000);
  expect(heard.said()).toEqual(['hung run.revoked', 'silent run.claimed', 'well run.launched']);
});

test('a revoke between the order and the claim wins: no process is born', () => {
  const { clock, world, driver, heard } = scene();
  void driver.launch(callFor(runOf('api')));
  void driver.revoke(callFor(runOf('api')));
  clock.advance(1_000);
  expect({ said: heard.said(), processes: world.processes() }).toEqual({ said: ['api run.revoked'], processes: [] });
});

test('what is found after a crash is what is true: alive, ended with its record, or gone without one', async () => {
  const { clock, world, driver, crash, orchestrator } = scene({ done: { diesAfterMs: 10, exit: { code: 4 } } });
  for (const unit of ['alive', 'done', 'gone']) void driver.launch(callFor(runOf(unit)));
  clock.flush();
  crash();
  clock.advance(10);
  const endedMs = clock.wallMs();
  world.vanish('gone');
  clock.advance(5_000);

  const next = orchestrator();
  const handle = (unit: string) => handleOf(world.process(unit)!);
  const startedMs = world.process('alive')?.startedMs;
  expect(await Promise.all(['alive', 'done', 'gone'].map((unit) => next.driver.sight(runOf(unit))))).toEqual([
    { is: 'alive', handle: handle('alive'), startedMs },
    {
      is: 'ended',
      exit: { code: 4, signal: null, rawStatus: 4, certain: true, endedMs },
      ...{ handle: handle('done'), startedMs },
    },
    { is: 'lost', handle: handle('gone'), startedMs },
  ]);

  for (const unit of ['done', 'gone']) void next.driver.attach(callFor(runOf(unit)));
  clock.flush();
  expect(next.heard.said()).toEqual(['done run.exited', 'gone run.lost']);
});

test('nothing survives a reboot', async () => {
  const { clock, world, driver, orchestrator } = scene({ api: { strays: 2 } });
  void driver.launch(callFor(runOf('api')));
  clock.flush();
  expect(world.pidsAlive()).toEqual([1000, 1001, 1002]);

  clock.reboot();

  expect(world.pidsAlive()).toEqual([]);
  expect(await orchestrator().driver.sight(runOf('api'))).toMatchObject({ is: 'lost' });
});

test('strays outlive their parent until they are swept, and deaf ones need SIGKILL', () => {
  const { clock, world, driver, heard } = scene({
    api: { strays: 2, strayTermDeaf: true },
    stuck: { strays: 1, strayKillDeaf: true },
  });
  for (const unit of ['api', 'stuck']) void driver.launch(callFor(runOf(unit)));
  clock.flush();
  for (const unit of ['api', 'stuck']) world.kill(unit, 'SIGKILL');
  clock.flush();
  heard.reports.length = 0;

  for (const unit of ['api', 'stuck']) void driver.sweep(callFor(runOf(unit)), 'terminate');
  clock.flush();
  expect(heard.facts()).toEqual([]);

  for (const unit of ['api', 'stuck']) void driver.sweep(callFor(runOf(unit)), 'kill');
  clock.flush();
  expect(heard.facts()).toEqual([
    { type: 'run.swept', generation: 1, survivors: [] },
    { type: 'run.swept', generation: 1, survivors: [{ pid: 1004, command: 'stray 1 of stuck' }] },
  ]);
});

test('a pid that came back is another identity, and nobody is ended by the identity of another', () => {
  const { clock, world, driver, handle } = scene({}, 1);
  void driver.launch(callFor(runOf('old')));
  clock.flush();
  const stale = handle('old');
  world.kill('old', 'SIGKILL');
  void driver.launch(callFor(runOf('new')));
  clock.flush();
  expect(world.process('new')?.identity).toMatchObject({ pid: stale.pid });

  void driver.endRun(callFor(runOf('new', 1, stale)), 'kill');
  clock.flush();

  expect({ signals: world.process('new')?.signals, violations: world.violations }).toEqual({
    signals: [],
    violations: ['Run new.1 of "new" was to be ended by the identity of another process.'],
  });
});

test('the same scenario gives the same reports, twice', () => {
  const play = () => {
    const { clock, world, driver, heard } = scene({
      b: { diesAfterMs: 10 },
      c: { launch: { afterMs: 10 }, strays: 1 },
    });
    for (const [index, unit] of ['a', 'b', 'c'].entries()) void driver.launch(callFor(runOf(unit), `${index}.0`));
    clock.advance(20);
    world.kill('a', 'SIGTERM');
    clock.advance(20);
    return heard.reports;
  };
  expect(play()).toEqual(play());
});

test('what a process says reaches whoever watches it, after as long as the way takes, and in order', () => {
  const { clock, world, driver, heard } = scene();
  void driver.launch(callFor(runOf('api')));
  clock.flush();
  world.reportLagMs = 100;
  world.say('api', { type: 'run.progressed', text: 'half of it' });
  world.reportLagMs = 0;
  world.kill('api', 'SIGKILL');
  clock.advance(99);
  const before = heard.said();
  clock.advance(1);
  expect([before, heard.said()]).toEqual([
    ['api run.launched'],
    ['api run.launched', 'api run.progressed', 'api run.exited'],
  ]);
});

test('what a run forks later is swept like the rest, and nothing can fork where nothing is left', () => {
  const { clock, world, driver, heard } = scene();
  void driver.launch(callFor(runOf('api')));
  clock.flush();
  world.fork('api');
  world.kill('api', 'SIGKILL');
  world.fork('api');
  const left = world.pidsAlive().length;
  void driver.sweep(callFor(runOf('api')), 'terminate');
  world.fork('api');
  clock.flush();
  expect([left, world.pidsAlive(), heard.said().at(-1)]).toEqual([2, [], 'api run.swept']);
});

test('a machine without a free pid refuses a launch as one that is short of something', () => {
  const { clock, driver, heard } = scene({}, 1);
  for (const unit of ['one', 'other']) {
    void driver.launch(callFor(runOf(unit)));
    clock.flush();
  }
  expect(heard.facts().at(-1)).toMatchObject({ type: 'run.launch-failed', resource: true });
});
