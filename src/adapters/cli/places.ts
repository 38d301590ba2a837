import { statSync } from 'node:fs';
import { NoDirectory } from './errors.ts';

/** @throws {NoDirectory} */
export function assertDirectory(directory: string): void {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw new NoDirectory({ directory });
}
