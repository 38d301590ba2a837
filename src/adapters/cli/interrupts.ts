import { Interrupted } from './errors.ts';

/** Ctrl-C, a request to end, and the end of the terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One key press reaches us twice where a parent, such as npm, hands on what the terminal has sent us already. */
const SAME_PRESS_MS = 300;

export interface Interrupts {
  /** Aborted by the first interrupt, unless somebody handles them. The reason is an `Interrupted`. */
  readonly signal: AbortSignal;
  /** From now on every interrupt goes to this handler, with its number from 1 on. */
  handle(handler: (count: number) => void): void;
  /** Back to what Node does by itself. */
  release(): void;
}

export function listenForInterrupts(): Interrupts {
  const controller = new AbortController();
  let count = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  let handler: (count: number) => void = () => controller.abort(new Interrupted());
  const onSignal = (): void => {
    const nowMs = performance.now();
    if (nowMs - lastMs < SAME_PRESS_MS) return;
    lastMs = nowMs;
    count++;
    handler(count);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    handle(next) {
      handler = next;
      if (controller.signal.aborted) next(count);
    },
    release() {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
