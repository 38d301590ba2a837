import * as Effect from 'effect/Effect';
import * as Schema from 'effect/Schema';
import * as Getter from 'effect/SchemaGetter';
import { refusal, show } from './fault.ts';

/** A number with a unit: how a file writes it, and how many base units each suffix is worth. */
interface Quantity {
  readonly noun: string;
  readonly hint: string;
  readonly worth: Readonly<Record<string, number>>;
}

const DURATION: Quantity = {
  noun: 'a duration',
  hint: 'write milliseconds, or a text such as "250ms", "5s", "10m", "1h"',
  worth: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 },
};
const SIZE: Quantity = {
  noun: 'a size',
  hint: 'write bytes, or a text such as "20KB", "50MB", "1GB"',
  worth: { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 },
};
const PERCENT: Quantity = {
  noun: 'a percentage',
  hint: 'write a text such as "90%"; 100% is one core',
  worth: { '%': 1 },
};

/** How long, in milliseconds. In a file a number, or `"250ms" "1.5s" "10m" "1h" "2d"`. */
export const Duration = quantity(DURATION, 0);

/** A duration that must pass: 0 would mean "all the time" or "never". */
export const PositiveDuration = quantity(DURATION, 1);

/** How much, in bytes. In a file a number, or `"20KB" "50MB" "1GB"`, where 1 KB is 1024 bytes. */
export const Size = quantity(SIZE, 1);

export const Percent = quantity(PERCENT, 1);

function quantity(of: Quantity, minimum: number) {
  return Schema.Union([Schema.Finite, Schema.String])
    .annotate({ expected: of.noun, hint: of.hint })
    .pipe(
      Schema.decodeTo(Schema.Finite, {
        decode: Getter.transformEffect((written: number | string) => {
          const value = typeof written === 'number' ? written : parse(written, of.worth);
          if (value === null) return Effect.fail(refusal(`${show(written)} is not ${of.noun}`, of.hint));
          if (value < 0) return Effect.fail(refusal(`${show(written)} is negative`, of.hint));
          if (value < minimum) return Effect.fail(refusal(`${show(written)} is too small`, 'it must be more than 0'));
          return Effect.succeed(Math.round(value));
        }),
        encode: Getter.transform((value: number): number | string => value),
      }),
    );
}

function parse(text: string, worth: Quantity['worth']): number | null {
  const match = /^(-?\d+(?:\.\d+)?)\s?([A-Za-z%]+)$/.exec(text.trim());
  const factor = match && Object.hasOwn(worth, match[2]!) ? worth[match[2]!] : undefined;
  return factor === undefined ? null : Number(match![1]) * factor;
}
