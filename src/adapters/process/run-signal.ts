import type { DriverCall, Log } from '../../actors/ports.ts';
import type { ProcessIdentity } from '../../machines/vocabulary.ts';
import { conditionOf } from '../system/identity.ts';
import { sendSignal } from '../system/signal.ts';

/** An identity that cannot be verified now may be in a moment, when descriptors are free again. */
const VERIFY_AGAIN_MS = 200;
const ATTEMPTS = 5;

export interface RunSignal {
  readonly call: DriverCall;
  readonly signal: NodeJS.Signals;
  /** Asked before every attempt: it may become known, or change its mind about being alive. */
  identity(): ProcessIdentity | null;
  /** There is nobody any more. */
  gone(): void;
  /** Calls back after a while, unless nobody wants that by then. */
  later(ms: number, again: () => void): void;
}

/** Sends a signal to the group of a run's command, by verified identity. Says so where it cannot, and tries again. */
export function signalRun(order: RunSignal, log: Log, attempts: number = ATTEMPTS): void {
  const { call, signal } = order;
  const identity = order.identity();
  const result = identity ? sendSignal(identity, signal, { group: true }) : 'unverified';
  // A stopped process acts on nothing but SIGKILL until it is continued.
  if (result === 'sent' && identity && conditionOf(identity) === 'stopped') {
    sendSignal(identity, 'SIGCONT', { group: true });
  }
  if (result === 'gone') order.gone();
  if (result === 'sent' || result === 'gone') return;

  const { unitId, generation } = call.run;
  const why = result === 'denied' ? 'not permitted' : 'the process is not verified';
  log.warn({ unit: unitId, generation, pid: identity?.pid ?? null }, `${signal} was not sent: ${why}`);
  if (attempts > 1) order.later(VERIFY_AGAIN_MS, () => signalRun(order, log, attempts - 1));
}
