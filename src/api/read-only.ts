import { join } from 'node:path';
import type { OutputQuery, OutputSlice } from '../actors/ports.ts';
import { processOutputs } from '../adapters/process/outputs.ts';
import { systemClock } from '../adapters/system/clock.ts';
import type { RunId, UnitId } from '../machines/vocabulary.ts';
import { holderOf } from '../store/lock.ts';
import type { Entry } from '../store/rows.ts';
import { openStore } from '../store/store.ts';
import { UnknownUnit } from './errors.ts';
import { journalStream } from './journal-stream.ts';
import { STORE_FILE } from './open.ts';
import { knownRun, resultOf } from './result.ts';
import { noticeIn } from './salvage.ts';
import { storedStatuses } from './stored-status.ts';
import type { ProjectStatus, Result, UnitStatus } from './types.ts';

/** What the files say where no orchestrator serves. Nothing is changed by looking. */
export interface ReadOnlyReeve {
  readonly stateDir: string;
  status(): ProjectStatus;
  journal(options?: { readonly unit?: UnitId; readonly after?: number }): AsyncIterable<Entry>;
  result(id: UnitId): Promise<Result>;
  output(id: UnitId, query?: Partial<OutputQuery> & { readonly runId?: RunId }): Promise<OutputSlice>;
  close(): void;
}

/**
 * Opens the files of a state directory to read them: after a crash, or from another process.
 *
 * @throws {StoreMissing} Nothing was ever orchestrated there.
 */
export function openReadOnly(stateDir: string, project = stateDir): ReadOnlyReeve {
  const store = openStore({ path: join(stateDir, STORE_FILE), readonly: true });
  const outputs = processOutputs({ stateDir, clock: systemClock({ keepAlive: false }) });
  const statuses = (): UnitStatus[] => storedStatuses(store, () => holderOf(stateDir) !== null);
  const statusFor = (id: UnitId): UnitStatus => {
    const all = statuses();
    const found = all.find((one) => one.id === id);
    if (!found) throw new UnknownUnit({ unitId: id, known: all.map((one) => one.id) });
    return found;
  };

  return {
    stateDir,
    status() {
      const holder = holderOf(stateDir);
      const orchestrator = holder && { pid: holder.pid, sinceMs: holder.sinceMs };
      const known = { project: store.meta('project') ?? project, stateDir, degraded: null, notice: noticeIn(store) };
      return { ...known, orchestrator, units: statuses() };
    },
    journal: (options = {}) => journalStream(store, () => () => {}, options),
    result: async (id) => resultOf(statusFor(id), store.runs(id), outputs),
    async output(id, { runId, ...query } = {}) {
      const { run } = statusFor(id);
      const runs = store.runs(id);
      const read = runId === undefined ? (run?.runId ?? runs[0]?.runId) : knownRun(id, runId, runs);
      if (read === undefined) return { text: '', truncated: false, sizeBytes: 0 };
      return outputs.read(read, { mode: 'full', ...query });
    },
    close: () => store.close(),
  };
}
