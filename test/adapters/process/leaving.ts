import { expect } from 'vitest';
import type { DriverCall } from '../../../src/actors/ports.ts';
import { identify, isAlive } from '../../../src/adapters/system/identity.ts';
import { again, type Rig } from './rig.ts';

/** Runs a command to its end that prints the pid of what it leaves behind, on a line of its own. */
export async function leaving(rig: Rig, command: string, count = 1) {
  const { call } = await rig.run({ command });
  const pids = async () =>
    (await rig.driver.outputs.read(call.run.runId, { mode: 'full' })).text.split('\n').slice(0, -1);
  await expect.poll(pids, { timeout: 5_000 }).toHaveLength(count);
  const strays = (await pids()).map((pid) => identify(Number(pid))!);
  expect(strays.map(isAlive)).toEqual(strays.map(() => true));
  return { call, strays };
}

/** Sweeps it to the end. Answers with those who outlived it. */
export async function swept(rig: Rig, call: DriverCall, how: 'terminate' | 'kill') {
  await rig.driver.sweep(again(call), how);
  return (await rig.fact('run.swept', call)).survivors;
}
