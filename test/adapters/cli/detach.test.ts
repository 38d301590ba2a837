import { afterEach, expect, test } from 'vitest';
import { startHost } from '../../support/host.ts';
import { heirlooms } from '../process/heirlooms.ts';
import { closeShells, MAIN, openShell } from './shell.ts';

afterEach(closeShells);

test('a detached orchestrator has nothing open of whoever started it', async () => {
  const shell = openShell({ 'reeve.yaml': 'units: { web: { command: [sleep, "600"] } }' });
  const { give, countIn, areHeld } = heirlooms();
  const words = ['up', '--detach', '-C', shell.directory, '--state-dir', shell.stateDir];
  const up = give((birth) => startHost([MAIN, ...words], birth));
  await up.ended;
  const { orchestrator, units } = await shell.status();
  const pids = [orchestrator!.pid, units.find(({ id }) => id === 'web')!.run!.pid!];
  expect([pids.map(countIn), areHeld()]).toEqual([[0, 0], false]);
}, 60_000);
