/** What each exit code means, to people and to scripts. The documentation is compared with this table. */
export const EXIT_CODES = [
  { code: 0, meaning: 'done; for `wait` and `result`: it has ended, in whatever way' },
  { code: 1, meaning: 'failed, or asked for something that cannot be: bad usage, unknown or ambiguous unit' },
  { code: 2, meaning: '`wait` only: still running when `--max-wait` was over' },
  { code: 3, meaning: 'nothing to talk to: no reeve is running there' },
  { code: 130, meaning: 'interrupted' },
] as const;

export const EXIT = { done: 0, failed: 1, stillRunning: 2, nobody: 3, interrupted: 130 } as const satisfies Record<
  string,
  (typeof EXIT_CODES)[number]['code']
>;

/** Errors that mean something else than "failed". */
const EXIT_OF_CODE: Readonly<Record<string, number>> = {
  NobodyRuns: EXIT.nobody,
  StoreMissing: EXIT.nobody,
  Interrupted: EXIT.interrupted,
};

export const exitCodeOf = (errorCode: string): number => EXIT_OF_CODE[errorCode] ?? EXIT.failed;
