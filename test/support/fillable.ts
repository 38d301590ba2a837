import type { Store, Tick } from '../../src/store/rows.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';

/** What the store says when there is no room. */
const FULL = Object.assign(new Error('Cannot write: the disk is full.'), {
  _tag: 'StoreUnwritable',
  code: 'StoreUnwritable',
  hint: 'Make room.',
});

interface Fillable {
  readonly disk: { isFull: boolean; refusals: number };
  /** Those that were committed. */
  readonly ticks: Tick[];
  wrap(store: Store): Store;
}

/** Real SQLite, whose writes fail for as long as `disk.isFull`. */
export function fillable(): Fillable {
  const disk = { isFull: false, refusals: 0 };
  const ticks: Tick[] = [];
  const refuseIfFull = (): void => {
    if (!disk.isFull) return;
    disk.refusals++;
    throw FULL;
  };
  const wrap = (store: Store): Store => ({
    ...store,
    commit(tick) {
      refuseIfFull();
      store.commit(tick);
      ticks.push(tick);
    },
    setMeta(key, value) {
      refuseIfFull();
      store.setMeta(key, value);
    },
  });
  return { disk, ticks, wrap };
}

/** A simulation whose units are up, and whose disk can be filled. */
export async function started(options: SimulationOptions) {
  const { disk, ticks, wrap } = fillable();
  const sim = await Simulation.open({ ...options, wrap });
  await sim.up();
  return { sim, disk, ticks };
}
