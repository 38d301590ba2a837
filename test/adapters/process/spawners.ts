import type { ProcessStat } from '../../../src/adapters/system/identity.ts';
import { commandLine, readProcessTable } from '../../../src/adapters/system/process-table.ts';
import { openRig, type Rig } from './rig.ts';

/** A rig whose runs are started by a spawner, from the first one on. */
export const openSpawned = (baseEnv = process.env): Promise<Rig> => openRig(baseEnv, { usesSpawner: true });

/** The spawners of a state directory. */
export const spawnersIn = (stateDir: string): readonly ProcessStat[] =>
  readProcessTable().filter((stat) => commandLine(stat).includes(`${stateDir}/bin/spawner-`));

/** The spawner of a rig, which has started something already. */
export async function spawnerOf(rig: Rig): Promise<ProcessStat> {
  await rig.run({ command: 'true' });
  const [spawner, ...others] = spawnersIn(rig.stateDir);
  if (!spawner || others.length > 0) throw new Error(`there are ${others.length + (spawner ? 1 : 0)} spawners`);
  return spawner;
}
