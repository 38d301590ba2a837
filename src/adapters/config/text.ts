import { isUtf8 } from 'node:buffer';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ConfigUnreadable, unreadable } from './errors.ts';
import type { SyntaxFault } from './source.ts';

/** Some ten thousand units. What is longer was not written by hand, and takes its reader minutes. */
const BYTES_MAX = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

/** A text, or why it is none. */
export type Text = { readonly text: string } | { readonly fault: SyntaxFault };

/** Whoever reads a pipe or a device may wait for ever. @throws {ConfigUnreadable} */
export function assertFile(file: string): void {
  const stat = statSync(file);
  if (stat.isFile()) return;
  if (stat.isDirectory()) {
    throw new ConfigUnreadable({ file, why: 'it is a directory', hint: 'Name the project file inside of it.' });
  }
  const hint = 'Write it to a file, and name that.';
  throw new ConfigUnreadable({ file, why: 'it is a pipe, a socket or a device', hint });
}

/**
 * The text of a file, without a byte order mark.
 *
 * @throws {ConfigUnreadable} It cannot be had, or is larger than any project file.
 */
export async function readText(file: string): Promise<Text> {
  const { size } = statSync(file);
  if (size > BYTES_MAX) {
    const why = `it has ${(size / 1024 ** 2).toFixed(1)} MB, and a project file has at most ${BYTES_MAX / 1024 ** 2}`;
    throw new ConfigUnreadable({ file, why, hint: 'Look whether it is the right file.' });
  }
  const bytes = await bytesOf(file);
  const fault = whyNoText(bytes);
  return fault === null ? { text: bytes.toString('utf8').replace(/^\uFEFF/, '') } : { fault };
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function whyNoText(bytes: Buffer): SyntaxFault | null {
  const hint = 'save the file as UTF-8';
  const mark = bytes.toString('latin1', 0, 2);
  if (mark === '\xff\xfe' || mark === '\xfe\xff') {
    return { position: { line: 1, column: 1 }, message: 'this is UTF-16', hint };
  }
  if (!isUtf8(bytes)) return { position: { line: badLine(bytes), column: 1 }, message: 'this line is not UTF-8', hint };
  const nul = bytes.indexOf(0);
  if (nul < 0) return null;
  const line = bytes.subarray(0, nul).toString('utf8').split('\n').length;
  return { position: { line, column: 1 }, message: 'this line has a NUL byte', hint: 'a project file is plain text' };
}

/** No character of UTF-8 goes on over the end of a line. */
function badLine(bytes: Buffer): number {
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
