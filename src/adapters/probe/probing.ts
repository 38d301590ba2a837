import type { Clock, Log, ProbeCall } from '../../actors/ports.ts';
import { problemOf } from '../../machines/errors.ts';
import { type Answer, failed } from './answer.ts';
import type { Asker } from './asker.ts';
import { gapDetector } from './gap.ts';
import { aliveJudge, type Judge, readyJudge, type Verdict } from './judge.ts';

/** A probe that asks something. */
export type Question = Extract<ProbeCall, { readonly probe: 'ready' | 'alive' }>;

export interface ProbingPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly asker: Asker;
  readonly tell: (verdict: Verdict) => void;
  /** Told what was wrong, whenever something was. */
  readonly missed?: (detail: string) => void;
}

/** A timeout that comes so much later than it was due says that nobody here had time to hear an answer. */
const LAG_MAX_MS = 100;
const UNASKED = 'A probe could not be asked. That is not held against the unit.';

/**
 * Asks the same question again and again, one at a time, `every` after the last one began. Returns how to stop it; then
 * the question in flight is dropped, and nothing more is told. A readiness probe that passed has stopped itself.
 */
export function startProbing(call: Question, { clock, log, asker, tell, missed }: ProbingPorts): () => void {
  const { every, timeout: timeoutMs } = call.spec;
  const judge = judgeFor(call);
  const hasGap = gapDetector(clock, Math.max(every, timeoutMs));
  const fields = { unit: call.run.unitId, generation: call.run.generation, probe: call.probe };
  let stopped = false;
  let wasAsked = true;
  let cancelNext = () => {};
  let cancelAsked = () => {};

  const stop = () => {
    stopped = true;
    cancelNext();
    cancelAsked();
    asker.close();
  };

  const look = () => {
    if (!hasGap()) return;
    // As long as it would take to give up: whoever woke with us gets the same chance as a new one.
    judge.pardon(clock.monoMs() + graceMsFor(call));
    log.debug(fields, 'Time passed that this process did not see. Failed probes do not count for a while.');
  };

  const askOnce = async (begunMs: number): Promise<Answer> => {
    const abort = new AbortController();
    let lagMs = 0;
    const cancelTimeout = clock.setTimer(timeoutMs, () => {
      lagMs = clock.monoMs() - begunMs - timeoutMs;
      // An answer that lies here already is read first: timers come before what has arrived.
      clock.defer(() => abort.abort());
    });
    cancelAsked = () => {
      cancelTimeout();
      abort.abort();
    };
    const answer = await asker.ask({ signal: abort.signal, timeoutMs }).catch((cause: unknown): Answer => {
      log.error({ ...fields, cause }, 'A probe threw. That is a bug in reeve.');
      return failed(`the probe itself failed: ${problemOf(cause).message}`);
    });
    cancelTimeout();
    if (answer.is !== 'failed' || lagMs <= LAG_MAX_MS) return answer;
    return { is: 'unasked', detail: `${answer.detail}; but nobody here had time to hear an answer` };
  };

  const step = async () => {
    look();
    const begunMs = clock.monoMs();
    const answer = await askOnce(begunMs);
    if (stopped) return;
    look();
    // Once: whoever has no descriptors or no time left has none for the next question, nor for many words.
    if (answer.is === 'unasked' && wasAsked) log.warn({ ...fields, detail: answer.detail }, UNASKED);
    wasAsked = answer.is !== 'unasked';
    for (const verdict of judge.judge(answer, clock.monoMs())) {
      if (call.probe === 'ready' && verdict.is === 'passed') stop();
      tell(verdict);
    }
    if (answer.is === 'failed') missed?.(answer.detail);
    if (!stopped) cancelNext = clock.setTimer(Math.max(0, begunMs + every - clock.monoMs()), () => void step());
  };
  void step();
  return stop;
}

const judgeFor = ({ probe, spec }: Question): Judge =>
  probe === 'ready' ? readyJudge() : aliveJudge('failures' in spec ? spec.failures : 1);

const graceMsFor = ({ spec }: Question): number => ('failures' in spec ? spec.failures : 1) * spec.every;
