import { copyFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createPrivateFile } from '../store/file.ts';
import { TraceUnreadable } from '../store/replay/errors.ts';
import { openTrace } from './trace.ts';

/** Where a state directory keeps the traces of others. */
const PLACE = 'traces';

/** A trace that a state directory keeps. */
export interface KeptTrace {
  readonly name: string;
  readonly path: string;
}

/**
 * Takes a trace file into a state directory, after a look at all of it, so that it is at hand by its name.
 *
 * It stays a trace: what it tells of never becomes units here, so nothing of it is ever run.
 *
 * @throws {NotATrace | TraceTooNew | TraceDamaged | TraceUnreadable} Nothing was taken in.
 */
export async function importTrace(path: string, stateDir: string): Promise<KeptTrace> {
  const trace = await openTrace(path);
  trace.close();
  const name = basename(path);
  const kept = { name, path: join(stateDir, PLACE, name) };
  if (keptTraces(stateDir).some((one) => one.name === name)) {
    throw new TraceUnreadable({ path, reason: `a trace "${name}" was imported before` });
  }
  createPrivateFile(kept.path);
  copyFileSync(path, kept.path);
  return kept;
}

/** The traces that were imported into a state directory. */
export function keptTraces(stateDir: string): readonly KeptTrace[] {
  try {
    return readdirSync(join(stateDir, PLACE)).map((name) => ({ name, path: join(stateDir, PLACE, name) }));
  } catch {
    return [];
  }
}
