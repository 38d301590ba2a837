import * as Effect from 'effect/Effect';
import * as Schema from 'effect/Schema';

/**
 * The option may be left out, and is then this decoded value.
 *
 * The default is given decoded, not as a file would write it: an encoded default makes the schema decode in two rounds,
 * and the faults of the second are hidden behind those of the first.
 */
export function or<S extends Schema.Constraint>(value: S['Type']): (schema: S) => Schema.withDecodingDefaultTypeKey<S> {
  return Schema.withDecodingDefaultTypeKey(Effect.succeed(value));
}

/** The option may be left out, or be `null`, which means the same. */
export const orNull = <S extends Schema.Constraint>(schema: S) =>
  Schema.NullOr(schema).pipe(or<Schema.NullOr<S>>(null));
