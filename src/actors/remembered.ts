import type { Store } from '../store/rows.ts';
import type { Groups } from './registry.ts';

/**
 * What is said of several units at once, and is no unit's own. The next orchestrator needs it before anybody tells it
 * again: what happened while nobody looked is decided by it.
 */
export function rememberedGroups(store: Store): Groups {
  return JSON.parse(store.meta(GROUPS) ?? '{}') as Groups;
}

/** @throws {StoreUnwritable} */
export function rememberGroups(groups: Groups, store: Store): void {
  const text = JSON.stringify(groups);
  if ((store.meta(GROUPS) ?? '{}') !== text) store.setMeta(GROUPS, text);
}

const GROUPS = 'groups';
