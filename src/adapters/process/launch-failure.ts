import { isFault, problemOf } from '../../machines/errors.ts';
import { LaunchRefused, refusalOf } from './errors.ts';
import type { Fork } from './launch-fork.ts';
import type { News } from './observation.ts';

/** A launch that did not come about, for whatever reason, as a fact. */
export function launchFailure(error: unknown): News {
  const fault = isFault(error) ? error : refusalOf('launch the command', error);
  const resource = fault instanceof LaunchRefused && fault.resource;
  return { type: 'run.launch-failed', problem: problemOf(fault), resource };
}

/** Resolves when there is a launcher, or will be none. Tells later when it has gone: it may not even have begun. */
export async function hearOut(launcher: Fork, gone: () => void, unbegun: (failure: News) => void): Promise<void> {
  launcher.ended
    .then((how) => {
      gone();
      unbegun(launcherFailure(how));
    })
    // A full disk lets nobody take a claim, and a launcher may live that nobody heard of: the launch has a deadline,
    // and is asked after then. The same below.
    .catch(() => {});
  await launcher.begun.catch((error: unknown) => unbegun(launchFailure(error))).catch(() => {});
}

/** The launcher itself was killed, or could not run, before it took the claim. */
export const launcherFailure = (how: string): News =>
  launchFailure(
    new LaunchRefused({ what: 'start the launcher', errno: 'EAGAIN', reason: `it ended before it began, by ${how}.` }),
  );
