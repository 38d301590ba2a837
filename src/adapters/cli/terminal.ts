/** Where words go. The answer is on stdout; everything for people that is not the answer is on stderr. */
export interface Terminal {
  /** The answer is read by a person, who sees it change. */
  readonly isInteractive: boolean;
  /** Without end where nobody sees it: scripts get whole lines. */
  readonly columns: number;
  readonly rows: number;
  /** Aborted when whoever read the answer has gone: there is nobody to go on for. */
  readonly readerGone: AbortSignal;
  /** A piece of the answer, as it is. Resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** A line of the answer. */
  print(line: string): void;
  /** The whole answer, as one JSON document. */
  printJson(document: unknown): void;
  /** A text for people, as it is. */
  writeAside(text: string): void;
  /** A line for people. */
  say(line: string): void;
  onResize(listener: () => void): () => void;
  /** Resolves when everything was handed over: what `process.exit` would cut off is not. */
  drained(): Promise<void>;
}

export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  // Whoever read us has gone, as `head` does. What we do is not worth less for it.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  const gone = new AbortController();
  for (const end of ['error', 'close']) stdout.once(end, () => gone.abort());
  return {
    isInteractive: stdout.isTTY === true,
    readerGone: gone.signal,
    get columns() {
      return stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
    },
    get rows() {
      return stdout.rows || 24;
    },
    async write(text) {
      if (gone.signal.aborted || !stdout.writable || stdout.write(text)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const ends = ['drain', 'error', 'close'];
      // Not `once` of node:events: it would make a rejection, and so a fault, of a reader that has gone.
      for (const end of ends) stdout.once(end, resolve);
      await promise;
      for (const end of ends) stdout.off(end, resolve);
    },
    print: (line) => void (stdout.writable && stdout.write(`${line}\n`)),
    printJson: (document) => void (stdout.writable && stdout.write(`${JSON.stringify(document, null, 2)}\n`)),
    writeAside: (text) => void (stderr.writable && stderr.write(text)),
    say: (line) => void (stderr.writable && stderr.write(`${line}\n`)),
    onResize(listener) {
      stdout.on('resize', listener);
      return () => stdout.off('resize', listener);
    },
    async drained() {
      await Promise.all([stdout, stderr].map((stream) => flushed(stream)));
    },
  };
}

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.writable) stream.write('', () => resolve());
    else resolve();
  });
