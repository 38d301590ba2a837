import type { ProcessIdentity } from '../../machines/vocabulary.ts';
import { withPinned } from './identity.ts';

/** `unverified`: not sent, for nobody can say who would get it. `denied`: it is the one, but the kernel refused. */
export type SignalResult = 'sent' | 'gone' | 'unverified' | 'denied';

/**
 * Sends a signal to exactly this process, or to nobody (I2).
 *
 * With `group` it goes to the whole process group, but only where the process leads that group. What remains of the
 * race between looking and sending is some microseconds, in which the pid would have to be freed and given again.
 */
export function sendSignal(
  identity: ProcessIdentity,
  signal: NodeJS.Signals | 0,
  { group = false }: { readonly group?: boolean } = {},
): SignalResult {
  // 0, 1 and negative numbers mean "my group", "init" and "everybody" to kill(2).
  if (!Number.isSafeInteger(identity.pid) || identity.pid <= 1 || identity.pid === process.pid) return 'unverified';
  return withPinned(identity, ({ condition, stat }) => {
    if (condition === 'gone') return 'gone';
    if (stat === null) return 'unverified';
    const target = group && stat.groupId === stat.pid ? -stat.pid : stat.pid;
    try {
      process.kill(target, signal);
      return 'sent';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'denied';
    }
  });
}
