import type { Sighting } from '../../actors/ports.ts';
import type { ExitReport, Handle } from '../../machines/vocabulary.ts';
import { type RunPaths, takeClaim } from './run-directory.ts';
import { verdictOn } from './verdict.ts';

/** What is true of a run, for recovery. Takes the claim of a launch that nobody began: then it never happens. */
export function sightRun(
  paths: RunPaths,
  handle: Handle | null,
  withWords: (exit: ExitReport, paths: RunPaths) => ExitReport,
): Sighting {
  let verdict = verdictOn(paths, handle);
  if (verdict.is === 'missing' || verdict.is === 'unclaimed') {
    if (takeClaim(paths)) return { is: 'revoked' };
    verdict = verdictOn(paths, handle);
  }
  if (verdict.is === 'ended') return { ...verdict, exit: withWords(verdict.exit, paths) };
  if ('handle' in verdict) return verdict;
  return { is: verdict.is === 'claimed' ? 'claimed' : 'revoked' };
}
