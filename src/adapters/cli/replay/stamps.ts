/** Times as the clock on the wall of this machine shows them: a history is looked at beside other logs. */
const local = (atMs: number): string =>
  new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().replace('Z', '');

/** `2026-11-21`. */
export const dayOf = (atMs: number): string => local(atMs).slice(0, 10);

/** `12:03:55.120`. */
export const clockOf = (atMs: number): string => local(atMs).slice(11);
