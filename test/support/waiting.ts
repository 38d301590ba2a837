import { setTimeout as pause } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;

/** What is seen as soon as it is as wished, or what is seen last when the time is over. */
export async function eventually<T>(look: () => T | Promise<T>, isWished: (seen: T) => boolean, deadlineMs = 10_000) {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (isWished(seen) || performance.now() > deadline) return seen;
    await pause(LOOK_AGAIN_MS);
  }
}
