import { type Answer, type Bounds, failed, PASSED } from './answer.ts';

/** Takes text in pieces of any size, and says whether a line in it is one that is looked for. */
export interface LineFinder {
  /** `true`: something has matched by now. */
  add(text: string): boolean;
  hasFound(): boolean;
  /** Whether what is not ended by a newline yet counts as it is. */
  endsWithMatch(): boolean;
  forget(): void;
}

/** What is read, what is looked for in it, and how that is called. */
export interface LineQuestion {
  /** From a byte on, by default from now on. */
  follow(options: { readonly fromByte?: number; readonly signal: AbortSignal }): AsyncIterable<string>;
  readonly finder: LineFinder;
  /** Since the first byte. Otherwise since it was asked the last time. */
  readonly fromBeginning: boolean;
  /** `printed /listening/`. */
  readonly what: string;
}

/** Searches what a run writes, line by line, while it is written. */
export interface LineSearch {
  ask(bounds: Pick<Bounds, 'signal'>): Promise<Answer>;
  /** All of it was read, and no more will come. */
  isOver(): boolean;
  close(): void;
}

/** Follows a file by its events, and holds no more of it than one line. */
export function searchLines({ follow, finder, fromBeginning, what }: LineQuestion): LineSearch {
  const closing = new AbortController();
  const heard = Promise.withResolvers<void>();
  let isFirst = true;
  let isOver = false;
  let problem: string | null = null;
  let following: Promise<void> | null = begin();

  function begin(): Promise<void> {
    problem = null;
    return read().catch((error: NodeJS.ErrnoException) => {
      problem = error.code ?? error.message;
      following = null;
    });
  }

  async function read(): Promise<void> {
    const written = follow({ ...(fromBeginning ? { fromByte: 0 } : {}), signal: closing.signal });
    for await (const text of written) {
      if (finder.add(text)) heard.resolve();
      // What is there already comes in one go. Whoever else wants to do something comes first.
      await new Promise(setImmediate);
    }
    isOver = true;
  }

  return {
    async ask({ signal }) {
      following ??= begin();
      if (fromBeginning && !finder.hasFound()) await firstOf([heard.promise, following], signal);
      if (problem !== null) return { is: 'unasked', detail: `what it writes cannot be read: ${problem}` };
      const found = finder.hasFound() || finder.endsWithMatch();
      if (fromBeginning) return found ? PASSED : failed(`it has not ${what} so far`);
      finder.forget();
      const passes = found || isFirst;
      isFirst = false;
      return passes ? PASSED : failed(`it has not ${what} since it was asked the last time`);
    },
    isOver: () => isOver,
    close: () => closing.abort(),
  };
}

/** Until one of them is over, or nobody waits any more. */
function firstOf(promises: readonly Promise<void>[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    for (const promise of promises) void promise.then(resolve);
  });
}
