import * as Result from 'effect/Result';
import * as Schema from 'effect/Schema';
import { DeathPolicy as DeathPolicySchema } from '../machines/spec/process.ts';
import { faultsOf } from '../machines/spec/words.ts';
import { type DeathPolicy, InvalidSpec, type UnitSpec } from '../machines/spec.ts';
import type { OpenOptions } from './types.ts';

const decode = Schema.decodeUnknownResult(DeathPolicySchema);

/**
 * What becomes of runs when the program that holds the library dies, in milliseconds.
 *
 * ```ts
 * deathPolicy(undefined) // => { lease: 30_000 }
 * ```
 *
 * @throws {InvalidSpec} It is none.
 */
export function deathPolicy(given: OpenOptions['onOrchestratorDeath'] = { lease: '30s' }): DeathPolicy {
  const result = decode(given, { errors: 'all', onExcessProperty: 'error' });
  if (Result.isSuccess(result)) return result.success;
  const faults = faultsOf(result.failure.issue, given, ['onOrchestratorDeath']);
  throw new InvalidSpec({ subject: 'the options of openReeve', faults });
}

/** A unit that does not say what becomes of it gets this; one that does keeps what it says. */
export function withDeathPolicy(spec: UnitSpec, policy: DeathPolicy): UnitSpec {
  return spec.kind === 'watcher' || spec.onOrchestratorDeath ? spec : { ...spec, onOrchestratorDeath: policy };
}
