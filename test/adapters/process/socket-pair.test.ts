import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { socketPair } from '../../../src/adapters/process/socket-pair.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

test('two ends of one connection are had in a directory of any length, and leave nothing there', async () => {
  const directory = join(temporaryDirectory(), 'd'.repeat(200));
  mkdirSync(directory);
  const [ours, theirs] = await socketPair(directory);
  expect(readdirSync(directory)).toEqual([]);
  ours.write('a');
  theirs.write('b');
  expect([String(...(await once(theirs, 'data'))), String(...(await once(ours, 'data')))]).toEqual(['a', 'b']);
  const ended = once(ours, 'close');
  theirs.destroy();
  await ended;
});
