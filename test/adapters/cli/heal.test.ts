import { afterEach, expect, test, vi } from 'vitest';
import type { HealReport } from '../../../src/index.ts';
import { closeShells, isAlive, openShell } from './shell.ts';

// Whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

const PROJECT = 'units:\n  web: { command: "exec sleep 600", restart: never }\n';

test('`heal` asks a live orchestrator, and of a dead one only a dry run can tell what it left', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const never = await shell.reeve('heal', '--dry-run');
  await shell.reeve('up', '--detach');
  const well = await shell.json<HealReport>('heal');
  const words = await shell.reeve('heal');
  const { orchestrator } = await shell.status();
  const web = await shell.unit('web');
  process.kill(orchestrator!.pid, 'SIGKILL');
  process.kill(web.run!.pid!, 'SIGKILL');
  await expect.poll(() => [orchestrator?.pid, web.run?.pid].filter(isAlive)).toEqual([]);
  const nobody = await shell.reeve('heal');
  const dry = await shell.json<HealReport>('heal', '--dry-run');
  expect([never.code, well, words.out, nobody.code, dry]).toEqual([
    3,
    { dryRun: false, scanned: 1, actions: [] },
    'All is well: 1 unit is as recorded.\n',
    3,
    {
      dryRun: true,
      scanned: 1,
      actions: [{ unit: 'web', found: `its process ${web.run?.pid} is gone`, did: 'would be recorded' }],
    },
  ]);
});
