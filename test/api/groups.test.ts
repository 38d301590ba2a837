/** Budgets and groups on real processes, over deaths of the orchestrator. */
import { expect, test } from 'vitest';
import { type Reeve, server } from '../../src/index.ts';
import { startProgram } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { eventually } from '../support/waiting.ts';

const kindsOf = (reeve: Reeve, id: string) =>
  reeve
    .unit(id)
    .history()
    .map(({ outcome }) => (outcome?.by ? `${outcome.kind} by ${outcome.by}` : outcome?.kind));

test('a budget is not given again by a death of ours: the last restart of it is the last', async () => {
  const stateDir = stateDirectory();
  const spec = { id: 'a', command: 'exec sleep 1000' };
  const restart = { when: 'always', max: 2, within: '1h', backoff: { initial: '10ms' } } as const;
  const first = startProgram(
    stateDir,
    `const reeve = await openReeve({ stateDir, units: [server(${JSON.stringify({ ...spec, restart })})],
       onOrchestratorDeath: 'adopt' });
     const a = reeve.unit('a');
     await a.reached('running', { within: '20s' });
     process.kill(a.status().run.pid, 'SIGKILL');
     reeve.observe(() => { if (a.status().run?.generation === 2 && a.status().ready) console.log('again'); });`,
  );
  await first.said('again');
  await first.end('SIGKILL');
  const reeve = await opened({ stateDir, units: [server({ ...spec, restart })], onOrchestratorDeath: 'adopt' });
  const a = reeve.unit('a');
  for (const generation of [2, 3]) {
    const { run } = await eventually(
      () => a.status(),
      (status) => status.run?.generation === generation && status.run.pid !== null,
    );
    process.kill(run!.pid!, 'SIGKILL');
  }
  await a.reached('settled', { within: '20s' });
  expect([kindsOf(reeve, 'a'), a.status().why]).toEqual([
    ['crashed', 'crashed', 'crashed'],
    expect.stringMatching(/^gave up: it ended again after 2 restarts within 3600 s/),
  ]);
});

test('a group that was being restarted when we were killed is restarted, and nobody of it twice', async () => {
  const stateDir = stateDirectory();
  const patient = `trap 'sleep 1; exit 0' TERM; while :; do sleep 0.05; done`;
  const specs = [
    { id: 'a', command: 'exec sleep 1000', group: 'g' },
    {
      id: 'b',
      command: 'exec sleep 1000',
      group: 'g',
      after: { a: 'running' },
      restart: { backoff: { initial: '10ms' } },
    },
    { id: 'c', command: patient, group: 'g', after: { b: 'running' } },
  ] as const;
  const groups = { g: { strategy: 'one-for-all' } } as const;
  const first = startProgram(
    stateDir,
    `const units = ${JSON.stringify(specs)}.map((spec) => server(spec));
     const groups = ${JSON.stringify(groups)};
     const reeve = await openReeve({ stateDir, units, groups, onOrchestratorDeath: 'adopt' });
     await reeve.unit('c').reached('running', { within: '20s' });
     reeve.observe(({ unitId, event }) => {
       if (unitId === 'a' && event.type === 'run.exited') process.kill(process.pid, 'SIGKILL');
     });
     process.kill(reeve.unit('b').status().run.pid, 'SIGKILL');`,
  );
  expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
  const reeve = await opened({
    stateDir,
    groups,
    units: specs.map((spec) => server(spec)),
    onOrchestratorDeath: 'adopt',
  });
  await eventually(
    () => specs.map(({ id }) => reeve.unit(id).status().ready).join(),
    (ready) => ready === 'true,true,true' && kindsOf(reeve, 'c').length === 2,
    20_000,
  );
  // A launch that nobody had begun when we were killed is no run that anybody has seen.
  const ends = ({ id }: { readonly id: string }) => kindsOf(reeve, id).filter((kind) => kind !== 'stopped');
  expect(specs.map(ends)).toEqual([
    [undefined, 'stopped by group:g'],
    [undefined, 'crashed'],
    [undefined, 'stopped by group:g'],
  ]);
});
