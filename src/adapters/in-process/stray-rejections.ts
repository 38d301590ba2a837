import { AsyncLocalStorage } from 'node:async_hooks';

/** Who hears of a promise that was rejected and that nobody waited for. */
export type OnStray = (reason: unknown) => void;

/** One for all drivers of this program: whose promise it is, is told by where it was made. */
const owners = new AsyncLocalStorage<OnStray>();
let isCatching = false;

/** Runs a function so that rejections which it leaves to nobody come to `onStray`, and not to the program. */
export const ownStrays = <T>(onStray: OnStray, run: () => T): T => owners.run(onStray, run);

/**
 * From now on a rejection that a function left to nobody does not end this program, as Node does by default. All others
 * end it as ever, unless somebody else listens. For good: a function may leave something that outlives its driver.
 */
export function catchStrays(): void {
  if (!isCatching) process.on('unhandledRejection', onRejection);
  isCatching = true;
}

function onRejection(reason: unknown): void {
  const onStray = owners.getStore();
  if (onStray) onStray(reason);
  // By listening we have switched off what Node does where nobody listens.
  else if (process.listenerCount('unhandledRejection') === 1 && endsProgram()) throw reason;
}

/** `--unhandled-rejections` may say that it does not. */
const endsProgram = (): boolean =>
  !/--unhandled-rejections[= ](?:none|warn)/.test([...process.execArgv, process.env.NODE_OPTIONS].join(' '));
