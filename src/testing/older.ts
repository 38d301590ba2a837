import type { Store } from '../store/rows.ts';

const OLDER = 'of older code';

/** The journal as it looks to code whose machines are others than those that wrote it. */
export const asOlder = (store: Store): Store => ({
  ...store,
  snapshots: (unitId) => store.snapshots(unitId).map((snapshot) => snapshot && { ...snapshot, definition: OLDER }),
  *journal(query) {
    for (const entry of store.journal(query)) yield { ...entry, definition: OLDER };
  },
});
