import type { UnitSpec } from '../../machines/spec.ts';
import type { Json } from '../../machines/vocabulary.ts';

const HIDDEN = '[redacted]';
/** `//user:password@host`, as in the address of a probe. */
const CREDENTIALS = /\/\/[^/@\s]+@/g;

/**
 * A spec as it may be written into a history: no machine decides by the values of an environment, or by who logs in
 * where.
 */
export function recordedSpec(spec: UnitSpec): Json {
  const plain = JSON.parse(JSON.stringify(spec), (_key, value: unknown) =>
    typeof value === 'string' ? value.replace(CREDENTIALS, `//${HIDDEN}@`) : value,
  );
  const set = plain.env?.set;
  if (typeof set === 'object' && set !== null) for (const name of Object.keys(set)) set[name] = HIDDEN;
  return plain;
}
