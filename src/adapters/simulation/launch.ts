import type { Problem, RunId, UnitId } from '../../machines/vocabulary.ts';

/** A launch that was begun. */
export interface Launch {
  readonly runId: RunId;
  readonly unitId: UnitId;
  readonly generation: number;
  readonly atMs: number;
}

/** What a driver hears at once of the launch that it ordered. */
export type LaunchAnswer =
  | { readonly is: 'under-way' | 'revoked' }
  | { readonly is: 'refused'; readonly problem: Problem; readonly resource: boolean };
