import * as Data from 'effect/Data';
import type { DriverCall } from '../../actors/ports.ts';
import { problemOf } from '../../machines/errors.ts';
import { portOf } from '../../machines/port.ts';
import type { StopSpec } from '../../machines/spec.ts';
import type { RunId } from '../../machines/vocabulary.ts';
import type { ProgramSpec } from './environment.ts';
import type { ExecForUnits } from './exec-for-units.ts';
import type { News } from './observation.ts';

/** It could not be asked, or said no. It is signalled now, without waiting any longer. */
export class AskFailed extends Data.TaggedError('AskFailed')<{ readonly unitId: string; readonly why: string }> {
  override get message(): string {
    return `"${this.unitId}" could not be asked to stop: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'It is signalled instead. See stop.ask in its spec.';
  }
}

/** What is asked of runs just now. It may take as long as their grace, and nobody is to wait for that. */
export interface Questions {
  /** Asks the thing itself to end: by a command of its own, or by a POST. That it has ended is said by its exit. */
  ask(call: DriverCall): void;
  /** The run has ended: whoever asks on would ask the next one. */
  withdraw(runId: RunId): void;
  /** Resolves when nobody asks any more. */
  close(): Promise<void>;
}

/** @param say Told why a run could not be asked, or that it said no. */
export function openQuestions(exec: ExecForUnits, say: (call: DriverCall, news: News) => void): Questions {
  const open = new Map<RunId, { readonly abort: AbortController; readonly over: Promise<void> }>();
  const withdraw = (runId: RunId): void => open.get(runId)?.abort.abort();
  return {
    ask(call) {
      const { runId } = call.run;
      withdraw(runId);
      const abort = new AbortController();
      const over = askToEnd(call, { exec, signal: abort.signal }).catch((error: unknown) =>
        say(call, { type: 'driver.failed', command: 'endRun', problem: problemOf(error) }),
      );
      const question = { abort, over };
      open.set(runId, question);
      void over.then(() => {
        if (open.get(runId) === question) open.delete(runId);
      });
    },
    withdraw,
    async close() {
      const questions = [...open.values()];
      for (const { abort } of questions) abort.abort();
      await Promise.all(questions.map(({ over }) => over));
    },
  };
}

interface Asking {
  readonly exec: ExecForUnits;
  /** Nobody waits for an answer any more. */
  readonly signal: AbortSignal;
}

/** @throws {AskFailed} */
async function askToEnd({ run, spec }: DriverCall, asking: Asking): Promise<void> {
  const { ask, grace: timeoutMs } = (spec as ProgramSpec).stop as StopSpec;
  const port = portOf(spec, run.handle);
  const why = ask === null ? null : await refusalOf(ask, timeoutMs);
  if (why !== null && !asking.signal.aborted) throw new AskFailed({ unitId: run.unitId, why });

  async function refusalOf(wish: NonNullable<StopSpec['ask']>, graceMs: number): Promise<string | null> {
    if ('http' in wish) return post(new URL(wish.http, `http://127.0.0.1:${port ?? 0}`), graceMs, asking.signal);
    if (!('exec' in wish)) return 'messages cannot be sent yet';
    const bounds = { timeoutMs: graceMs, signal: asking.signal };
    const end = await asking.exec({ unit: spec, port, command: wish.exec, ...bounds });
    if (end.refused) return end.refused.why;
    if (end.timedOut) return 'the command that asks did not end';
    return end.code === 0
      ? null
      : `the command that asks ended ${end.signal ? `by ${end.signal}` : `with ${end.code}`}`;
  }
}

/** Without the address in its words: it may hold a password. */
async function post(url: URL, timeoutMs: number, signal: AbortSignal): Promise<string | null> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { connection: 'close' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await answer.body?.cancel();
    return answer.status < 400 ? null : `it answered HTTP ${answer.status}`;
  } catch (error) {
    const { cause, name } = error as { readonly cause?: { readonly code?: string }; readonly name: string };
    return name === 'TimeoutError' ? 'it did not answer' : (cause?.code ?? name);
  }
}
