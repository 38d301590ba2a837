import type { Json } from '../../machines/vocabulary.ts';

type Redact = (text: string) => string;

/** The same value with every text in it redacted. Names of keys are ours, and stay. */
export function redactedJson(value: Json, redact: Redact | null): Json {
  if (redact === null || value === null) return value;
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one: Json) => redactedJson(one, redact));
  return redactedPatch(value as Readonly<Record<string, Json>>, redact);
}

export const redactedPatch = (patch: Readonly<Record<string, Json>>, redact: Redact): Readonly<Record<string, Json>> =>
  Object.fromEntries(Object.entries(patch).map(([key, value]) => [key, redactedJson(value, redact)]));
