import { basename } from 'node:path';
import type { Result } from '../../index.ts';
import {
  type Entry,
  isFault,
  type OutputQuery,
  type OutputSlice,
  openReadOnly,
  type ProjectStatus,
} from '../../index.ts';
import { type ControlClient, connectControl } from '../http/client.ts';
import type { Context } from './context.ts';
import { NobodyRuns } from './errors.ts';

/** What can be known of a project: from its live orchestrator, or from the files that the last one left. */
export interface View extends Disposable {
  /** `null`: what is seen is what was recorded last. */
  readonly live: ControlClient | null;
  status(): Promise<ProjectStatus>;
  result(id: string): Promise<Result>;
  output(id: string, query: Partial<OutputQuery> & { readonly runId?: string }): Promise<OutputSlice>;
  journal(options: { readonly unit?: string; readonly after?: number }): AsyncIterable<Entry>;
}

/** @throws {NobodyRuns} Nobody does, and nobody ever did. */
export async function openView(context: Context): Promise<View> {
  const { cwd, stateDir } = context;
  const live = await connectControl(stateDir);
  if (live) return { ...live, live, [Symbol.dispose]: () => {} };
  try {
    const files = openReadOnly(stateDir, basename(cwd));
    return {
      live: null,
      status: async () => files.status(),
      result: (id) => files.result(id),
      output: (id, query) => files.output(id, query),
      journal: (options) => files.journal(options),
      [Symbol.dispose]: () => files.close(),
    };
  } catch (error) {
    if (isFault(error) && error.code === 'StoreMissing') throw new NobodyRuns({ cwd, stateDir });
    throw error;
  }
}

/** @throws {NobodyRuns} */
export async function requireControl({ cwd, stateDir }: Context): Promise<ControlClient> {
  const live = await connectControl(stateDir);
  if (!live) throw new NobodyRuns({ cwd, stateDir });
  return live;
}
