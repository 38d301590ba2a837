import * as Data from 'effect/Data';
import type { DriverCall } from '../../actors/ports.ts';
import type { StopSpec } from '../../machines/spec.ts';
import type { ProgramSpec } from './environment.ts';
import type { ExecForUnits } from './exec-for-units.ts';

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

interface Asking {
  readonly exec: ExecForUnits;
  /** Nobody waits for an answer any more. */
  readonly signal: AbortSignal;
}

/**
 * Asks the thing itself to end: by a command of its own, or by a POST. That it has ended is said by its exit, not here.
 *
 * @throws {AskFailed}
 */
export async function askToEnd({ run, spec }: DriverCall, asking: Asking): Promise<void> {
  const { ask, grace: timeoutMs } = (spec as ProgramSpec).stop as StopSpec;
  const why = ask === null ? null : await refusalOf(ask, timeoutMs);
  if (why !== null && !asking.signal.aborted) throw new AskFailed({ unitId: run.unitId, why });

  async function refusalOf(wish: NonNullable<StopSpec['ask']>, graceMs: number): Promise<string | null> {
    if ('http' in wish) return post(wish.http, graceMs, asking.signal);
    if (!('exec' in wish)) return 'messages cannot be sent yet';
    const end = await asking.exec({ unit: spec, command: wish.exec, timeoutMs: graceMs, signal: asking.signal });
    if (end.refused) return end.refused.why;
    if (end.timedOut) return 'the command that asks did not end';
    return end.code === 0
      ? null
      : `the command that asks ended ${end.signal ? `by ${end.signal}` : `with ${end.code}`}`;
  }
}

/** Without the address in its words: it may hold a password. */
async function post(url: string, timeoutMs: number, signal: AbortSignal): Promise<string | null> {
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
