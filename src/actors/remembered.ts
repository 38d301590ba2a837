import type { Store } from '../store/rows.ts';
import type { Queues } from './queues.ts';
import type { Groups } from './registry.ts';

/** What is said of several units at once, and is no unit's own. */
export interface Shared {
  readonly groups: Groups;
  readonly queues: Queues;
}

/**
 * As it was said last. An orchestrator needs it before anybody says it again: what happened while nobody looked is
 * decided by it.
 */
export function remembered(store: Store): Shared {
  const [groups, queues] = [store.meta('groups'), store.meta('queues')].map((text) => JSON.parse(text ?? NOTHING));
  return { groups: groups as Groups, queues: queues as Queues };
}

/** @throws {StoreUnwritable} */
export function remember(shared: { [Key in keyof Shared]: Shared[Key] | undefined }, store: Store): void {
  for (const [key, value] of Object.entries(shared)) {
    const text = JSON.stringify(value);
    if (value !== undefined && (store.meta(key) ?? NOTHING) !== text) store.setMeta(key, text);
  }
}

const NOTHING = '{}';
