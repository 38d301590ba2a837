import type { Orchestrator } from '../actors/orchestrator.ts';
import { isUp } from '../machines/supervision.ts';
import { stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import { StillRunning } from './errors.ts';

/** A kill is sent again every five seconds. */
const KILLS_MAX = 3;

/**
 * Stops everything, against the order of starts. Resolves when all are at rest.
 *
 * @throws {StillRunning} Nothing is left but what would not end, though it was killed again and again.
 */
export async function stopAll(orchestrator: Orchestrator): Promise<void> {
  const { promise: hopeless, reject } = Promise.withResolvers<never>();
  const kills = new Map<UnitId, number>();
  const unobserve = orchestrator.observe(({ unitId, event }) => {
    if (event.type !== 'timer.kill') return;
    kills.set(unitId, (kills.get(unitId) ?? 0) + 1);
    const left = [...orchestrator.registry.units()].filter(({ snapshot }) => isUp(stateOf(snapshot.value)));
    if (left.some(({ id }) => (kills.get(id) ?? 0) < KILLS_MAX)) return;
    const units = left.map(({ id, snapshot }) => ({ unitId: id, pid: snapshot.context.run?.handle?.pid ?? null }));
    reject(new StillRunning({ units }));
  });
  await Promise.race([orchestrator.down(), hopeless]).finally(unobserve);
}
