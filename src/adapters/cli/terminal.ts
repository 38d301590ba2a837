import { runnable } from './calling-name.ts';

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
  /** The whole answer, as one JSON document. Another one would make it none: it is said to people instead. */
  printJson(document: unknown): void;
  /** A text for people, as it is. */
  writeAside(text: string): void;
  /** A line for people. The commands in it can be typed as they stand. */
  say(line: string): void;
  /** The same words as `say` would use. */
  worded(text: string): string;
  /** How reeve is called here. @default 'reeve' */
  callReeve(name: string): void;
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
  let calledAs = 'reeve';
  let hasAnswered = false;
  const worded = (text: string): string => runnable(text, calledAs);
  const writeAside = (text: string): void => void (stderr.writable && stderr.write(text));
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
    printJson(document) {
      const text = `${JSON.stringify(document, null, 2)}\n`;
      if (hasAnswered) writeAside(text);
      else if (stdout.writable) stdout.write(text);
      hasAnswered = true;
    },
    writeAside,
    say: (line) => writeAside(`${worded(line)}\n`),
    worded,
    callReeve(name) {
      calledAs = name;
    },
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
