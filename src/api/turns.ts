/** Entries after which whatever else happens in this process gets its turn: some hundredths of a second. */
export const STEPS_PER_TURN = 2_000;

/** Resolves when keys, signals and timers that are due have been heard. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
