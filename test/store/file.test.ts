import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createPrivateFile } from '../../src/store/file.ts';
import { directories } from './directory.ts';

const directory = directories();
const umask = process.umask();
afterEach(() => void process.umask(umask));

test.each([0o000, 0o022, 0o777])('a file is its owner’s alone from the beginning, under umask %o', (mask) => {
  const path = join(directory(), 'kept', 'file');
  process.umask(mask);
  createPrivateFile(path);
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
});
