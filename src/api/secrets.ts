import type { Log, LogFields } from '../actors/ports.ts';
import { redactFields } from '../adapters/log/redact.ts';
import type { Secrets } from '../adapters/log/secrets.ts';

/** The host's own logger, which is told no secret: neither in a message nor in a field (I7). */
export function withoutSecrets(log: Log, secrets: Secrets): Log {
  const write = (level: keyof Log) => (fields: LogFields, message: string) =>
    log[level](redactFields(fields, secrets), secrets.redact(message));
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
