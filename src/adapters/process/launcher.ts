import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import type { Log } from '../../actors/ports.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { ALIVE_FD, LAUNCH_SCRIPT } from './launch-script.ts';
import { findProgram } from './resolve.ts';
import { createRunDirectory, type RunPaths } from './run-directory.ts';
import { installScript, TOOLS_PATH } from './script.ts';

export interface Launcher {
  /**
   * Starts a run, in a session of its own, and lets go of it. `fifo` becomes the run's.
   *
   * Synchronous: a revocation comes before the run's directory exists, or after the spawn.
   */
  start(plan: LaunchPlan, paths: RunPaths, fifo: string): ChildProcess;
}

export function installLauncher(stateDir: string, log: Log): Launcher {
  const script = installScript(stateDir, 'launch', LAUNCH_SCRIPT);
  const setsid = findSetsid(log);
  return { start: (plan, paths, fifo) => start(script, setsid, plan, paths, fifo) };
}

/**
 * With `node:child_process` itself: all we want is a table of descriptors and a pid, and everything that execa adds
 * (streams, promises, ending children when we exit) would have to be switched off.
 */
function start(
  script: string,
  setsid: readonly string[],
  plan: LaunchPlan,
  paths: RunPaths,
  fifo: string,
): ChildProcess {
  const { cwd, env, marker, argv } = plan;
  const files = createRunDirectory(paths, fifo, plan.policy);
  const stdio: ('ignore' | number)[] = Array(ALIVE_FD).fill('ignore');
  stdio[1] = stdio[2] = files.out;
  stdio[3] = files.record;
  stdio[ALIVE_FD] = files.alive;
  try {
    const words = [script, umask(), paths.directory, marker, ...setsid, ...argv];
    const launcher = spawn('/bin/sh', words, { cwd, env, stdio, detached: true });
    launcher.unref();
    return launcher;
  } finally {
    for (const descriptor of [files.out, files.record, files.alive]) closeSync(descriptor);
  }
}

function findSetsid(log: Log): readonly string[] {
  try {
    return [findProgram('setsid', '/', TOOLS_PATH)];
  } catch {
    log.warn({}, 'no setsid on this system: a command shares the group of its launcher, and is signalled alone');
    return [];
  }
}

/** Ours, for the command: the launcher has its own. `process.umask()` would have to change it to read it. */
function umask(): string {
  return /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '077';
}
