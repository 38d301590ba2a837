import { expect } from 'vitest';
import { stateHash } from '../../src/machines/step.ts';
import { loadStates } from '../../src/store/projections/states.ts';
import type { Simulation } from './simulation.ts';

interface Known {
  readonly id: string;
  readonly value: unknown;
  readonly hash: string;
  /** `<timer>@<seq of the entry that armed it>`. */
  readonly timers: readonly string[];
  /** `<seq>.<index>` of a launch that nobody has answered. */
  readonly launching: readonly string[];
}

/** What the orchestrator knows of its units. */
export const live = ({ orchestrator }: Simulation): readonly Known[] =>
  [...orchestrator.registry.units()].map(({ id, snapshot, launching }) => ({
    id,
    value: snapshot.value,
    hash: stateHash(snapshot.value, snapshot.context),
    timers: orchestrator.recorder.wheel
      .of(id)
      .map(({ timer, seq }) => `${timer}@${seq}`)
      .sort(),
    launching: launching === null ? [] : [`${launching.seq}.${launching.index}`],
  }));

/** What recovery would load. The same after every tick that is written, or a crash there would lose something. */
export function recorded({ store }: Simulation): readonly Known[] {
  const [timers, outbox] = [store.timers(), store.outbox()];
  return loadStates(store).map((state) => {
    if (state.unreadable) throw new Error(state.unreadable.message);
    const { id } = state.unit;
    return {
      id,
      value: state.value,
      hash: stateHash(state.value, state.context),
      timers: timers.flatMap(({ unitId, timer, seq }) => (unitId === id ? `${timer}@${seq}` : [])).sort(),
      launching: outbox.flatMap(({ unitId, seq, index }) => (unitId === id ? `${seq}.${index}` : [])),
    };
  });
}

/** Every entry there is, as `unit event`, once it is sure that none is missing. */
export function journalOf({ store }: Simulation): readonly string[] {
  const entries = [...store.journal()];
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  return entries.map(({ unitId, event }) => `${unitId} ${event.type}`);
}
