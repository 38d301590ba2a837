/** The real command line, as a user has it: a child process in a project of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProjectStatus, UnitStatus } from '../../../src/index.ts';
import { builtCommand } from '../../support/command.ts';

export const MAIN = builtCommand();
const DEADLINE_MS = 40_000;

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that is still at work. */
export interface Running {
  readonly child: ChildProcess;
  readonly said: Promise<Said>;
  /** Resolves when this text was printed, on stdout or stderr. */
  printed(text: string): Promise<void>;
}

export interface Shell {
  readonly directory: string;
  readonly stateDir: string;
  start(...argv: readonly string[]): Running;
  reeve(...argv: readonly string[]): Promise<Said>;
  /** The document that a command with `--json` prints. */
  json<T>(...argv: readonly string[]): Promise<T>;
  status(): Promise<ProjectStatus>;
  unit(id: string): Promise<UnitStatus>;
}

const shells: Shell[] = [];

/** @param more Variables of the environment, beyond those of a user who has called nothing but `reeve`. */
export function openShell(
  files: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, string>> = {},
): Shell {
  const directory = mkdtempSync(join(tmpdir(), 'cli-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const stateDir = join(directory, 'state');
  const home = join(directory, 'home');
  mkdirSync(home);
  const { NO_COLOR: _, FORCE_COLOR: __, REEVE_HOME: ___, ...all } = process.env;
  // What calls the tests is no part of them.
  const inherited = Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('npm_')));
  // Every command is a whole process: what Node has compiled once, it need not compile again.
  const NODE_COMPILE_CACHE = join(tmpdir(), 'node-compile-cache');
  const places = { HOME: home, XDG_STATE_HOME: join(home, 'state'), REEVE_HOME: stateDir };
  const env = { ...inherited, ...places, NODE_COMPILE_CACHE, ...more };
  const start = (...argv: readonly string[]): Running => {
    return watched(
      spawn(process.execPath, [MAIN, ...argv], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  };
  const shell: Shell = {
    directory,
    stateDir,
    start,
    reeve: (...argv) => start(...argv).said,
    async json<T>(...argv: readonly string[]) {
      return JSON.parse((await shell.reeve(...argv, '--json')).out) as T;
    },
    status: () => shell.json('status'),
    unit: async (id) => (await shell.json<{ unit: UnitStatus }>('status', id)).unit,
  };
  shells.push(shell);
  return shell;
}

/** Stops what the tests have started: by the orchestrator, or by a new one where it was killed. */
export async function closeShells(): Promise<void> {
  for (const shell of shells.splice(0)) {
    if (existsSync(shell.stateDir)) await stop(shell);
    rmSync(shell.directory, { recursive: true, force: true });
  }
}

async function stop(shell: Shell): Promise<void> {
  const { units = [], orchestrator = null } = await shell.json<Partial<ProjectStatus>>('status');
  if (orchestrator) await shell.reeve('down');
  else if (units.some(({ run }) => run?.pid)) {
    await shell.reeve('run', '--background', '--', 'true');
    await shell.reeve('down');
  }
}

function watched(child: ChildProcess): Running {
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk) => {
    err += chunk;
  });
  const said = once(child, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) }).then(
    ([code]) => ({ code: code as number | null, out, err }),
    () => {
      child.kill('SIGKILL');
      throw new Error(`${child.spawnargs.slice(2).join(' ')} did not end in time; it said: ${out}${err}`);
    },
  );
  said.catch(() => {});
  return {
    child,
    said,
    async printed(text) {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      while (!`${out}${err}`.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended without saying "${text}": ${out}${err}`);
        const { stdout, stderr } = child;
        await Promise.race([
          once(stdout!, 'data', { signal }),
          once(stderr!, 'data', { signal }),
          once(child, 'close'),
        ]);
      }
    },
  };
}

/** Whether a process that is no child of ours lives. One that has ended, and that nobody has asked how, does not. */
export function isAlive(pid: number | null | undefined): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
