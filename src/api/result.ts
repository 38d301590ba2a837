import type { Outputs } from '../actors/ports.ts';
import type { RunId, UnitId } from '../machines/vocabulary.ts';
import type { RunRow } from '../store/rows.ts';
import { UnknownRun } from './errors.ts';
import type { Result, UnitStatus } from './types.ts';

/** How much of the output a result shows. The whole is a call to `output()` away. */
const TAIL_BYTES = 4_096;

/** How the newest run of a unit ended. `attempts`: the runs it took since it was last at rest. */
export async function resultOf(status: UnitStatus, runs: readonly RunRow[], outputs: Outputs): Promise<Result> {
  const { id, state, restarts } = status;
  const newest = runs[0];
  const outcome = newest?.outcome ?? null;
  const { text, sizeBytes } = newest
    ? await outputs.read(newest.runId, { mode: 'full', maxBytes: TAIL_BYTES })
    : { text: '', sizeBytes: 0 };
  return {
    id,
    state,
    outcome: status.substate === 'settled' ? (outcome?.kind ?? null) : null,
    code: outcome?.code ?? null,
    rawStatus: outcome?.rawStatus ?? null,
    signal: outcome?.signal ?? null,
    by: outcome?.by ?? null,
    startedMs: newest?.startedMs ?? null,
    endedMs: outcome?.endedMs ?? null,
    attempts: newest ? restarts + 1 : 0,
    output: { bytes: sizeBytes, tail: text },
    ...(outcome?.value !== undefined && { value: outcome.value }),
    ...(outcome?.kind === 'failed' && outcome.detail !== null && { error: outcome.detail }),
  };
}

/**
 * The run that was asked for by name.
 *
 * @throws {UnknownRun} The unit has no such run: it is another unit's, or retention has forgotten it.
 */
export function knownRun(unitId: UnitId, asked: RunId, runs: readonly RunRow[]): RunId {
  const known = runs.map(({ runId }) => runId);
  if (known.includes(asked)) return asked;
  throw new UnknownRun({ unitId, runId: asked, known });
}
