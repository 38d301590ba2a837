import type { PinoLog, PinoLogOptions } from '../adapters/log/pino.ts';

/**
 * A log of JSON lines, without secrets: for `openReeve({ logger })`, where the host has none of its own.
 *
 * Loaded when it is asked for, so that a host which brings its own logger does not pay for this one.
 */
export async function openLog(options: PinoLogOptions): Promise<PinoLog> {
  const { pinoLog } = await import('../adapters/log/pino.ts');
  return pinoLog(options);
}
