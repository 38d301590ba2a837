import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The part of an output that is looked at. A file that grows meanwhile does not grow the window. */
export interface OutputWindow {
  readonly file: FileHandle;
  readonly sizeBytes: number;
  readonly startByte: number;
}

/** Opens the last `maxBytes` of a file, from the first whole character on. `null`: there is no file. */
export async function openWindow(path: string, maxBytes: number): Promise<OutputWindow | null> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!file) return null;
  try {
    const { size } = await file.stat();
    const cut = Math.max(0, size - Math.max(0, maxBytes));
    return { file, sizeBytes: size, startByte: await firstWholeCharacter(file, cut, size) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The text from a byte on, to the end of the window. Half a character at the end is not text yet. */
export async function* textOf({ file, sizeBytes }: OutputWindow, fromByte: number): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (let at = fromByte; at < sizeBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, sizeBytes - at), at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield decoder.write(buffer.subarray(0, bytesRead));
  }
}

/** Where the last `lines` lines begin, looking backwards. Nothing after the last newline is no line. */
export async function startOfLastLines({ file, sizeBytes, startByte }: OutputWindow, lines: number): Promise<number> {
  if (lines <= 0) return sizeBytes;
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let found = 0;
  for (let end = sizeBytes; end > startByte; ) {
    const start = Math.max(startByte, end - CHUNK_BYTES);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    for (let index = bytesRead - 1; index >= 0; index--) {
      if (buffer[index] !== NEWLINE || start + index === sizeBytes - 1) continue;
      found++;
      if (found === lines) return start + index + 1;
    }
    end = start;
  }
  return startByte;
}

/** A character of UTF-8 is at most four bytes, and all but its first begin with the bits 10. */
async function firstWholeCharacter(file: FileHandle, at: number, sizeBytes: number): Promise<number> {
  if (at === 0) return 0;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(3), 0, Math.min(3, sizeBytes - at), at);
  let skip = 0;
  while (skip < bytesRead && ((buffer[skip] ?? 0) & 0xc0) === 0x80) skip++;
  return at + skip;
}
