import { expect, test } from 'vitest';
import { nearest } from '../../../src/machines/spec/nearest.ts';

test.each([
  ['comand', 'command'],
  ['commadn', 'command'],
  ['COMMAND', 'command'],
  ['cdw', 'cwd'],
  ['stp', 'stop'],
  ['zebra', null],
  ['c', null],
  ['', null],
])('for %j the name that was meant is %j', (word, name) => {
  expect(nearest(word, ['command', 'cwd', 'stop', 'start'])).toBe(name);
});

test('of two near names the nearer one was meant', () => {
  expect(nearest('starts', ['stats', 'start', 'parts'])).toBe('stats');
});
