import { problemOf } from '../machines/errors.ts';
import type { Clock, Log } from './ports.ts';

/** How long a port may take to close. */
export const CLOSES_WITHIN_MS = 5_000;

interface Port {
  close(): Promise<void>;
}

/** Closes every port. One that cannot be closed, or does not come to its end, is named, and keeps nobody else open. */
export async function closePorts(
  ports: Readonly<Record<string, Port>>,
  world: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const { clock, log } = world;
  const closing = Object.entries(ports).map(async ([name, port]) => {
    const late = Promise.withResolvers<void>();
    const cancel = clock.setTimer(CLOSES_WITHIN_MS, () => {
      log.warn({}, `${name}: not closed within ${CLOSES_WITHIN_MS} ms`);
      late.resolve();
    });
    try {
      await Promise.race([port.close(), late.promise]);
    } catch (error) {
      log.warn({}, `${name}: not closed: ${problemOf(error).message}`);
    } finally {
      cancel();
    }
  });
  await Promise.all(closing);
}
