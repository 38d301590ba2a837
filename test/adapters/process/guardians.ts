import { expect } from 'vitest';
import { conditionOf } from '../../../src/adapters/system/identity.ts';
import { commandLine, readProcessTable } from '../../../src/adapters/system/process-table.ts';
import type { ProcessIdentity } from '../../../src/machines/vocabulary.ts';
import type { Rig } from './rig.ts';

/** Runs that are not to outlive their orchestrator. Closing a driver without leaving is its death. */
export const STOP = { onOrchestratorDeath: 'stop' } as const;
/** Within this time, and as soon as it is so. */
export const soon = { timeout: 5_000, interval: 10 };

/** The guardians that watch over a rig. */
export const guardians = ({ stateDir }: Rig): readonly number[] =>
  readProcessTable().flatMap((stat) => (commandLine(stat).includes(`${stateDir}/bin/guardian-`) ? [stat.pid] : []));

export const gone = (identity: ProcessIdentity) => expect.poll(() => conditionOf(identity), soon).toBe('gone');
