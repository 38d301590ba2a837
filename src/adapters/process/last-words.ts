import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { ExitReport } from '../../machines/vocabulary.ts';

const READ_BYTES = 4 * 1024;
const SHOWN_CHARS_MAX = 200;

/** What runtimes print after the words that matter: where it happened, carets below it, and who they are. */
const FRAME = /^\s*(at .+|\^+|Node\.js v[\d.]+)\s*$/;

/**
 * The last lines that were printed, as far as they say something, in one line of text. `''`: there are none.
 *
 * Secrets are taken out before anything is cut: half a secret would not be recognised as one.
 */
export function lastWords(outPath: string, redact: (text: string) => string, lines = 2): string {
  const said = redact(endOf(outPath))
    .split(/[\r\n]+/)
    .map((line) => stripVTControlCharacters(line).replace(/\p{Cc}/gu, ' '))
    .filter((line) => line.trim() !== '' && !FRAME.test(line))
    .slice(-lines)
    .map((line) => line.trim())
    .join(' / ');
  return said.length > SHOWN_CHARS_MAX ? `${said.slice(0, SHOWN_CHARS_MAX)}…` : said;
}

/** How a run ended and, where it failed, what it said last. */
export function withLastWords(exit: ExitReport, outPath: string, redact: (text: string) => string): ExitReport {
  return exit.code === 0 ? exit : { ...exit, said: lastWords(outPath, redact) };
}

/** Only whole lines, and what comes after the last one. */
function endOf(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const startByte = Math.max(0, size - READ_BYTES);
    const buffer = Buffer.alloc(size - startByte);
    const text = buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, startByte)).toString('utf8');
    return startByte === 0 ? text : text.slice(text.indexOf('\n') + 1 || text.length);
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
}
