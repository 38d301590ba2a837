import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { lastWords } from '../../../src/adapters/process/last-words.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { again, closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

const plain = (text: string) => text;

function wordsOf(text: string, redact = plain): string {
  const path = join(temporaryDirectory(), 'out');
  writeFileSync(path, text);
  return lastWords(path, redact);
}

test.each([
  ['one\ntwo\nthree\n', 'two / three'],
  ['\x1b[31mred\x1b[0m\r\n\n  \n', 'red'],
  ['half a line', 'half a line'],
  ['', ''],
  ['Error: boom\n    at f (a.js:1:1)\n    at g (b.js:2:2)\n\nNode.js v24.21.0\n', 'Error: boom'],
  ['throw new Error()\n      ^\n', 'throw new Error()'],
  [`${'x'.repeat(5_000)}\nend\n`, 'end'],
  ['y'.repeat(5_000), ''],
  ['z'.repeat(300), `${'z'.repeat(200)}…`],
])('of %j the last words are %j', (text, words) => {
  expect(wordsOf(text)).toBe(words);
});

test('a secret is taken out before the words are cut', () => {
  const secret = 's'.repeat(150);
  const words = wordsOf(`${'x'.repeat(100)}${secret}`, (text) => text.replaceAll(secret, '…'));
  expect(words).toBe(`${'x'.repeat(100)}…`);
});

test('what a command said last is told with the failure that it explains, and only with that', async () => {
  const rig = await openRig();
  const failed = await rig.run({ command: 'echo why; exit 3' });
  const well = await rig.run({ command: 'echo well' });
  const { call } = await rig.launch({ command: 'echo working; exec sleep 1000' });
  await rig.driver.endRun(again(call), 'kill');
  const killed = await rig.fact('run.exited', call);
  expect([failed, well, { exited: killed }].map(({ exited }) => exited.exit.said)).toEqual([
    'why',
    undefined,
    undefined,
  ]);
});
