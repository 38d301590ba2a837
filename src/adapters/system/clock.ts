import type { Clock } from '../../actors/ports.ts';
import { localWorld } from './identity.ts';
import { requireLinux } from './platform.ts';

/** Node turns a delay above 2^31 - 1 into 1 ms, so a longer wait is made of several. */
const DELAY_MAX_MS = 2 ** 30;

/**
 * The clock of this machine.
 *
 * `monoMs` is milliseconds since boot (`CLOCK_MONOTONIC`): comparable between processes of one boot, and it stands
 * still while the machine is suspended. A timer keeps the process alive, unless `keepAlive` is `false`.
 *
 * @throws {PlatformNotYet} The boot cannot be told from another one.
 */
export function systemClock({ keepAlive = true }: { readonly keepAlive?: boolean } = {}): Clock {
  requireLinux('tell one boot from another');
  return {
    bootId: localWorld().bootId,
    wallMs: () => Date.now(),
    monoMs: () => Math.floor(uptimeMs()),
    setTimer(ms, fire) {
      const dueMs = uptimeMs() + ms;
      const arm = () => {
        const delayMs = Math.min(Math.max(Math.ceil(dueMs - uptimeMs()), 0), DELAY_MAX_MS);
        timer = setTimeout(wake, delayMs);
        if (!keepAlive) timer.unref();
      };
      // Node may fire a millisecond early, and a long wait is cut into pieces: so look at the time before firing.
      const wake = () => {
        if (uptimeMs() < dueMs) arm();
        else fire();
      };
      let timer: NodeJS.Timeout;
      arm();
      return () => clearTimeout(timer);
    },
    defer: (run) => void setImmediate(run),
  };
}

const uptimeMs = (): number => Number(process.hrtime.bigint()) / 1e6;
