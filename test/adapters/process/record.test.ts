import { expect, test } from 'vitest';
import { parseRecord } from '../../../src/adapters/process/record.ts';

const HEAD = 'run 1 boot-a pid:[1]\nlauncher 10 500\nchild 11 501\n';
const child = { bootId: 'boot-a', pidNamespace: 'pid:[1]', pid: 11, startTicks: '501' };
const launcher = { ...child, pid: 10, startTicks: '500' };

test('a record says who runs, and nothing more while it runs', () => {
  expect(parseRecord(`${HEAD}\n\n\n`, 7)).toEqual({ launcher, child, port: null, exit: null, words: [] });
});

test.each([
  ['exit 0 12.34', [], { code: 0, signal: null, rawStatus: 0, certain: true }],
  ['exit 137 12.34', [], { code: 137, signal: null, rawStatus: 137, certain: true }],
  ['exit 137 12.34', ['Killed'], { code: null, signal: 'SIGKILL', rawStatus: 137, certain: true }],
  [
    'exit 139 12.34',
    ['Segmentation fault (core dumped)'],
    { code: null, signal: 'SIGSEGV', rawStatus: 139, certain: true },
  ],
  ['exit 130 12.34', [], { code: null, signal: 'SIGINT', rawStatus: 130, certain: false }],
  ['exit 141 12.34', [], { code: null, signal: 'SIGPIPE', rawStatus: 141, certain: false }],
  ['exit 393 12.34', [], { code: null, signal: 'SIGKILL', rawStatus: 393, certain: true }],
  ['exit 255 12.34', [], { code: 255, signal: null, rawStatus: 255, certain: true }],
])('%s after %j', (line, words, exit) => {
  const text = `${HEAD}${words.map((word) => `${word}\n`).join('')}${line}\n\n`;
  const ended = { ...exit, endedMs: 7, uptimeTicks: 1234 };
  expect(parseRecord(text, 7)).toEqual({ launcher, child, port: null, words, exit: ended });
});

test('a record says where the command was told to listen', () => {
  expect(parseRecord('run 1 boot-a pid:[1] 20123\nlauncher 10 500\n\n', 7)?.port).toBe(20_123);
});

test('a line without its newline was never written', () => {
  expect(parseRecord(`${HEAD}exit 0 12.`, 7)?.exit).toBeNull();
});

test('what follows the first empty line is not part of the record', () => {
  expect(parseRecord(`${HEAD}\nexit 0 1.00\n`, 7)?.exit).toBeNull();
});

test.each([[''], ['\n\n\n'], ['run 2 boot-a pid:[1]\n'], ['launcher 10 500\n']])('%j is no record', (text) => {
  expect(parseRecord(text, 7)).toBeNull();
});
