import * as Option from 'effect/Option';
import * as Schema from 'effect/Schema';
import { Duration as DurationSpec } from '../machines/spec/quantity.ts';
import { BadDuration } from './errors.ts';
import type { Duration } from './types.ts';

const decode = Schema.decodeUnknownOption(DurationSpec);

/**
 * A duration in milliseconds.
 *
 * ```ts
 * parseDuration('1.5s', 'within') // => 1_500
 * ```
 *
 * @throws {BadDuration} Naming the option it was given for.
 */
export function parseDuration(given: Duration, option: string): number {
  const decoded = decode(given);
  if (Option.isNone(decoded)) throw new BadDuration({ option, given });
  return decoded.value;
}
