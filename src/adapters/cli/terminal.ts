import { once } from 'node:events';

/** Where words go. The answer is on stdout; everything for people that is not the answer is on stderr. */
export interface Terminal {
  /** The answer is read by a person, who sees it change. */
  readonly isInteractive: boolean;
  /** Without end where nobody sees it: scripts get whole lines. */
  readonly columns: number;
  readonly rows: number;
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
  return {
    isInteractive: stdout.isTTY === true,
    get columns() {
      return stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
    },
    get rows() {
      return stdout.rows || 24;
    },
    async write(text) {
      if (stdout.writable && !stdout.write(text)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]);
    },
    print: (line) => void (stdout.writable && stdout.write(`${line}\n`)),
    printJson: (document) => void stdout.write(`${JSON.stringify(document, null, 2)}\n`),
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
