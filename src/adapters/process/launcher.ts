import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import type { Log } from '../../actors/ports.ts';
import { COVERED_MAX, coverInherited, inheritedDescriptors, type Slot } from './inherited-descriptors.ts';
import { type LaunchPlan, MESSAGES } from './launch-plan.ts';
import { ALIVE_FD, LAUNCH_SCRIPT } from './launch-script.ts';
import { readLimitForCommands } from './open-files-limit.ts';
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

export async function installLauncher(stateDir: string, log: Log, toolsPath = TOOLS_PATH): Promise<Launcher> {
  const script = installScript(stateDir, 'launch', LAUNCH_SCRIPT);
  const setsid = findSetsid(toolsPath, log);
  const openFiles = readLimitForCommands();
  const inherited = await inheritedDescriptors();
  const slots = coverInherited(Array<Slot>(ALIVE_FD).fill('ignore'), inherited);
  const open = inherited.filter((descriptor) => descriptor > COVERED_MAX);
  if (open.length > 0) log.warn({}, `what is open here as ${open.join(', ')} is open in all that is launched, too`);
  return {
    start(plan, paths, fifo) {
      if (!existsSync(script)) installScript(stateDir, 'launch', LAUNCH_SCRIPT);
      return start({ script, setsid, slots, openFiles }, plan, paths, fifo);
    },
  };
}

interface Installed {
  readonly script: string;
  readonly setsid: readonly string[];
  readonly slots: readonly Slot[];
  /** Of every command. `null`: as we have it. */
  readonly openFiles: number | null;
}

/**
 * With `node:child_process` itself: all we want is a table of descriptors and a pid, and everything that execa adds
 * (streams, promises, ending children when we exit) would have to be switched off.
 */
function start(installed: Installed, plan: LaunchPlan, paths: RunPaths, fifo: string): ChildProcess {
  const { script, setsid, slots, openFiles } = installed;
  const { cwd, marker, argv } = plan;
  const env = { ...plan.env, [MESSAGES]: paths.messages };
  const files = createRunDirectory(paths, fifo, plan);
  const stdio = [...slots];
  stdio[1] = stdio[2] = files.out;
  stdio[3] = files.record;
  stdio[ALIVE_FD] = files.alive;
  try {
    const limit = openFiles === null ? '' : String(openFiles);
    const words = [script, umask(), paths.directory, marker, limit, ...setsid, ...argv];
    const launcher = spawn('/bin/sh', words, { cwd, env, stdio, detached: true });
    launcher.unref();
    return launcher;
  } finally {
    for (const descriptor of [files.out, files.record, files.alive]) closeSync(descriptor);
  }
}

function findSetsid(toolsPath: string, log: Log): readonly string[] {
  try {
    return [findProgram('setsid', '/', toolsPath)];
  } catch {
    log.warn({}, 'no setsid on this system: a command shares the group of its launcher, and is signalled alone');
    return [];
  }
}

/** Ours, for the command: the launcher has its own. `process.umask()` would have to change it to read it. */
function umask(): string {
  return /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '077';
}
