import { REDACTED, type Secrets } from './secrets.ts';

/** Keys whose value is a secret by its name. */
const SECRET_KEY = /pass(word)?|token|secret|authorization|api[-_]?key|cookie/i;
/** Deeper than any field of ours; also what ends a circle. */
const DEPTH_MAX = 8;

/**
 * A copy that is safe to write: plain JSON, without secrets. Never throws, whatever it is given.
 *
 * Errors keep their name, code, message, stack and cause. A `boolean` or `null` under a secret key is kept: it says
 * whether there is a secret, not which.
 */
export function redactFields(fields: object, secrets: Secrets, depth = 0): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) {
    const value: unknown = tryTo(() => Reflect.get(fields, key));
    const isHidden = SECRET_KEY.test(key) && typeof value !== 'boolean' && value !== null && value !== undefined;
    safe[secrets.redact(key)] = isHidden ? REDACTED : redactValue(value, secrets, depth + 1);
  }
  return safe;
}

function redactValue(value: unknown, secrets: Secrets, depth: number): unknown {
  if (typeof value === 'string' || typeof value === 'bigint') return secrets.redact(String(value));
  // A secret may consist of digits.
  if (typeof value === 'number') return secrets.redact(String(value)) === REDACTED ? REDACTED : value;
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, secrets, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date || value instanceof URL) return secrets.redact(String(tryTo(() => value.toJSON())));
  return redactFields(value instanceof Error ? errorFields(value) : value, secrets, depth);
}

/** Most of these are not enumerable, so a copy would miss them. */
const errorFields = (error: Error): object => ({
  ...error,
  name: error.name,
  message: tryTo(() => error.message),
  stack: error.stack,
  ...(error.cause !== undefined && { cause: error.cause }),
});

function tryTo(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return '[unreadable]';
  }
}
