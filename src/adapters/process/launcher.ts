import { closeSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../actors/ports.ts';
import { fifoPool } from './fifo-pool.ts';
import { COVERED_MAX, coverInherited, inheritedDescriptors, type Slot } from './inherited-descriptors.ts';
import { type Fork, forkHere } from './launch-fork.ts';
import { type LaunchPlan, MESSAGES } from './launch-plan.ts';
import { ALIVE_FD, LAUNCH_SCRIPT } from './launch-script.ts';
import { readLimitForCommands } from './open-files-limit.ts';
import { findProgram } from './resolve.ts';
import { createRunDirectory, type RunPaths } from './run-directory.ts';
import { installScript, TOOLS_PATH } from './script.ts';
import { type Forks, openSpawner, type SpawnerOptions } from './spawner.ts';

export interface Launcher {
  /** Gets ready what a launch needs and may have to be waited for: a FIFO, and the spawner where one pays. */
  prepare(): Promise<Launch>;
  /** Who forks for us. `null`: we do. */
  standing(): Promise<Forks | null>;
  /** What is on its way to the spawner then may or may not begin; its claim decides. */
  close(): Promise<void>;
}

/**
 * Makes the directory of a run, and orders its launcher, in a session of its own. To be called once.
 *
 * Synchronous: a revocation comes before the run's directory exists, or after the order.
 *
 * @throws {Error} What the system said at once. Then there is no launcher, and there may be a directory.
 */
export type Launch = (plan: LaunchPlan, paths: RunPaths) => Fork;

export interface LauncherOptions extends SpawnerOptions {
  readonly toolsPath?: string;
}

export async function installLauncher(options: LauncherOptions): Promise<Launcher> {
  const { stateDir, log, toolsPath = TOOLS_PATH } = options;
  const script = installScript(stateDir, 'launch', LAUNCH_SCRIPT);
  const setsid = findSetsid(toolsPath, log);
  const openFiles = readLimitForCommands();
  const inherited = await inheritedDescriptors();
  const slots = coverInherited(Array<Slot>(ALIVE_FD).fill('ignore'), inherited);
  const open = inherited.filter((descriptor) => descriptor > COVERED_MAX);
  if (open.length > 0) log.warn({}, `what is open here as ${open.join(', ')} is open in all that is launched, too`);
  const installed: Installed = { script, setsid, slots, openFiles };
  const spawner = openSpawner(options);
  const fifos = fifoPool(join(stateDir, 'fifos'), toolsPath);
  return {
    standing: spawner.standing,
    async prepare() {
      const forks = await spawner.standing();
      const fifo = await fifos.take(forks);
      return (plan, paths) => {
        if (!existsSync(script)) installScript(stateDir, 'launch', LAUNCH_SCRIPT);
        return launch(installed, plan, paths, fifo, forks);
      };
    },
    async close() {
      fifos.close();
      await spawner.close();
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

function launch(installed: Installed, plan: LaunchPlan, paths: RunPaths, fifo: string, forks: Forks | null): Fork {
  const { script, setsid, slots, openFiles } = installed;
  const { cwd, marker, argv } = plan;
  const env = { ...plan.env, [MESSAGES]: paths.messages };
  const { out, record, alive, recordFrom } = createRunDirectory(paths, fifo, plan);
  const limit = openFiles === null ? '' : String(openFiles);
  const words = ['/bin/sh', script, umask(), paths.directory, marker, limit, ...setsid, ...argv];
  const isOurs = [out, record];
  try {
    if (!forks) {
      const stdio = [...slots];
      stdio[1] = stdio[2] = out;
      stdio[3] = record;
      stdio[ALIVE_FD] = alive;
      isOurs.push(alive);
      return forkHere({ words, cwd, env }, stdio);
    }
    const fork = forks.fork({ words, cwd, env }, [
      { path: paths.out, flags: constants.O_WRONLY | constants.O_APPEND, skip: 0, as: [1, 2] },
      { path: paths.record, flags: constants.O_RDWR, skip: recordFrom, as: [3] },
      { path: paths.alive, flags: constants.O_RDWR, skip: 0, as: [ALIVE_FD] },
    ]);
    // Whoever watches a FIFO that nobody holds is told of an end. Until the launcher has it, we do.
    const release = () => closeSync(alive);
    fork.begun.then(release, release);
    return fork;
  } finally {
    for (const descriptor of isOurs) closeSync(descriptor);
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
