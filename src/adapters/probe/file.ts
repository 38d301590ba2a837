import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Answer, type Bounds, failed, PASSED, printMs } from './answer.ts';

/** A file that a run makes or touches to say something. */
export interface FileTarget {
  readonly file: string;
  readonly cwd: string;
  /** Since when the run is there, by the wall. `null`: nobody knows, so any file will do. */
  readonly startedMs: number | null;
}

/** Asks for a file. Whoever does not answer, such as a network file system, is not asked again until it has. */
export function fileQuestion({ file, cwd, startedMs }: FileTarget): (bounds: Bounds) => Promise<Answer> {
  const path = resolve(cwd, file);
  let asked: Promise<Answer> | null = null;

  const ask = async (): Promise<Answer> => {
    try {
      const { ctimeMs } = await stat(path);
      // What an earlier run left says nothing about this one. Whatever is done to a file changes its ctime, also a
      // rename. `startedMs` was rounded.
      if (startedMs === null || ctimeMs >= startedMs - 1) return PASSED;
      const agoMs = Math.ceil((startedMs - ctimeMs) / 1_000) * 1_000;
      return failed(`${path} is from before this run (${printMs(agoMs)} older); it counts when it is touched`);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return failed(`there is no ${path}`);
      return failed(`${path} cannot be looked at: ${code ?? message}`);
    }
  };

  return ({ signal, timeoutMs }) => {
    asked ??= ask().finally(() => {
      asked = null;
    });
    const answer = asked;
    return new Promise((done) => {
      const late = failed(`${path} could not be looked at within ${printMs(timeoutMs)}`);
      if (signal.aborted) return done(late);
      signal.addEventListener('abort', () => done(late), { once: true });
      void answer.then(done);
    });
  };
}
