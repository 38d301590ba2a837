import { onTestFinished } from 'vitest';
import { openReadOnly, type UnitStatus } from '../../src/index.ts';

/** What the files of a state directory say of its units, whoever orchestrates them. */
export function unitsOnFile(stateDir: string): readonly UnitStatus[] {
  const files = openReadOnly(stateDir);
  onTestFinished(() => files.close());
  return files.status().units;
}
