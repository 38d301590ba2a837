import type { Reeve, UnitSpec } from '../../index.ts';

/**
 * Adds a unit and starts it. Resolves when its start is on record, with all that it prints from its first byte on.
 *
 * How it ends, also a launch that fails, is for its result to tell.
 *
 * @throws {UnitUp} A unit of this name is at work.
 */
export async function launch(reeve: Reeve, spec: UnitSpec, signal: AbortSignal): Promise<AsyncIterable<string>> {
  const { promise, resolve, reject } = Promise.withResolvers<AsyncIterable<string>>();
  const unit = reeve.unit(spec.id);
  // Entries are told after their commit and before their commands are done: the run has a name, and printed nothing.
  const unobserve = reeve.observe(({ unitId, event }) => {
    if (unitId === spec.id && event.type === 'start.requested') resolve(unit.follow({ signal }));
  });
  try {
    reeve.add(spec);
    unit.start({ by: 'run' }).catch(reject);
    return await promise;
  } finally {
    unobserve();
  }
}
