import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './resolve.ts';
import { TOOLS_PATH } from './script.ts';
import type { Forks } from './spawner.ts';

const run = promisify(execFile);

/** One fork makes this many, so that a launch seldom pays for one. */
const BATCH = 32;

/** FIFOs that lie ready to be renamed into a run's directory. Node itself cannot make any. */
export interface FifoPool {
  /** The path of a FIFO, 0600, that is the caller's from now on. `forks`: who starts what makes them, if not we. */
  take(forks: Forks | null): Promise<string>;
  close(): void;
}

export function fifoPool(directory: string, toolsPath = TOOLS_PATH): FifoPool {
  const mkfifo = findProgram('mkfifo', '/', toolsPath);
  // What lies here was made for somebody who is gone: there is one orchestrator per state directory.
  rmSync(directory, { recursive: true, force: true });
  const ready: string[] = [];
  let made = 0;
  let filling: Promise<void> | null = null;

  async function fill(forks: Forks | null): Promise<void> {
    const batch = Array.from({ length: BATCH }, () => join(directory, String(made++)));
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const words = [mkfifo, '-m', '600', ...batch];
    // What goes wrong there is done again here, and then we hear why.
    if (forks && !(await forks.run({ words, cwd: '/', env: {} }))) return fill(null);
    if (!forks) await run(mkfifo, words.slice(1), { env: {} });
    ready.push(...batch);
  }

  return {
    async take(forks) {
      for (;;) {
        const fifo = ready.pop();
        if (fifo !== undefined) {
          if (existsSync(fifo)) return fifo;
          // Somebody has cleaned up here, and may have taken all of them.
          continue;
        }
        filling ??= fill(forks).finally(() => {
          filling = null;
        });
        await filling;
      }
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}
