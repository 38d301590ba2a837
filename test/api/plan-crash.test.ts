/** Whoever applies a plan is killed in the middle of it. */
import { expect, test } from 'vitest';
import { applyPlan, planFor } from '../../src/api/plan.ts';
import { server } from '../../src/index.ts';
import { startProgram } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';
import { stateDirectory } from '../support/state-directory.ts';

test('wherever that is, the next plan finishes it, and who stays is not touched', async () => {
  const before = ['stays', 'changes', 'rests', 'goes'].map((id) => aServer(id));
  const after = [
    aServer('stays'),
    aServer('changes', { stop: { grace: '1s' } }),
    aServer('rests', { stop: { grace: '1s' } }),
    aServer('comes', { after: { changes: 'ready' } }),
  ];
  const ends = new Map<string, number>();
  for (let effects = 0, isOver = false; !isOver; effects++) {
    const sim = await Simulation.open({ units: before, behaviours: { goes: { onTerminate: { afterMs: 200 } } } });
    await sim.up();
    await sim.advance(1_000);
    sim.ask('rests', 'stop');
    await sim.advance(1_000);
    const pid = () => sim.world.process('stays')?.identity.pid;
    const pidBefore = pid();
    const apply = (): void => {
      const plan = planFor(sim.orchestrator, after, { removeExtra: true });
      void applyPlan(sim.orchestrator, plan).catch(() => {});
    };
    sim.crashAfter(effects, { downMs: 50 });
    apply();
    await sim.advance(3_000);
    isOver = sim.lives === 1;
    apply();
    await sim.advance(3_000);
    const { changes } = planFor(sim.orchestrator, after, { removeExtra: true });
    const end = JSON.stringify([
      [pid() === pidBefore, sim.store.runs('stays').length],
      changes.map(({ unit, change }) => `${unit}: ${change}`),
      sim.values(),
      sim.world.violations,
    ]);
    ends.set(end, (ends.get(end) ?? 0) + 1);
    sim.crash();
    await sim.close();
  }
  const running = { running: 'healthy' };
  const wished = [
    [true, 1],
    ['stays: keep', 'changes: keep', 'rests: keep', 'comes: keep'],
    { stays: running, changes: running, rests: { reaped: 'settled' }, comes: running },
    [],
  ];
  expect([...ends.keys()].map((end) => JSON.parse(end))).toEqual([wished]);
  expect([...ends.values()][0]).toBeGreaterThan(20);
});

const UNITS = {
  before: [
    { id: 'stays', command: 'exec sleep 1000' },
    { id: 'changes', command: 'exec sleep 1001' },
  ],
  after: [
    { id: 'stays', command: 'exec sleep 1000' },
    { id: 'changes', command: 'exec sleep 2001' },
    { id: 'comes', command: 'exec sleep 1002', after: { changes: 'running' } },
  ],
} as const;

test.each([1, 4, 7])('after %i entries of it: to open with the same units finishes it', async (entries) => {
  const stateDir = stateDirectory();
  const host = startProgram(
    stateDir,
    `const options = { stateDir, onOrchestratorDeath: 'adopt' };
     const [before, after] = ${JSON.stringify(Object.values(UNITS))}.map((specs) => specs.map((spec) => server(spec)));
     const reeve = await openReeve({ ...options, units: before });
     for (const unit of reeve.units()) await unit.reached('running', { within: '20s' });
     console.log('pid', reeve.unit('stays').status().run.pid);
     let left = ${entries};
     reeve.observe(() => { if (--left === 0) process.kill(process.pid, 'SIGKILL'); });
     await reeve.apply(reeve.plan(after));`,
  );
  const pid = Number(await host.said('pid '));
  expect(await host.ended).toEqual({ code: null, signal: 'SIGKILL' });
  const units = UNITS.after.map((spec) => server(spec));
  const reeve = await opened({ stateDir, units, onOrchestratorDeath: 'adopt' });
  await reeve.apply(reeve.plan(units));
  await reeve.unit('comes').reached('running', { within: '20s' });
  const plan = reeve.plan(units).changes.map(({ unit, change }) => [unit, change]);
  const status = (id: string) => reeve.unit(id).status();
  expect([status('stays').run?.pid, plan, status('changes').state]).toEqual([
    pid,
    units.map(({ id }) => [id, 'keep']),
    'running',
  ]);
});
