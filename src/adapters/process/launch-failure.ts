import type { ChildProcess } from 'node:child_process';
import { isFault, problemOf } from '../../machines/errors.ts';
import { LaunchRefused, refusalOf } from './errors.ts';
import type { News } from './observation.ts';

/** A launch that did not come about, for whatever reason, as a fact. */
export function launchFailure(error: unknown): News {
  const fault = isFault(error) ? error : refusalOf('launch the command', error);
  const resource = fault instanceof LaunchRefused && fault.resource;
  return { type: 'run.launch-failed', problem: problemOf(fault), resource };
}

/** Tells when a launcher has gone, and how: in case it has not even begun. */
export function hearOut(launcher: ChildProcess, gone: () => void, unbegun: (failure: News) => void): void {
  launcher.on('error', (error) => unbegun(launchFailure(error)));
  launcher.on('exit', (code, signal) => {
    gone();
    unbegun(launchFailure(launcherFailure(signal ?? `code ${code}`)));
  });
}

/** The launcher itself was killed, or could not run, before it took the claim. */
const launcherFailure = (how: string): LaunchRefused =>
  new LaunchRefused({ what: 'start the launcher', errno: 'EAGAIN', reason: `it ended before it began, by ${how}.` });
