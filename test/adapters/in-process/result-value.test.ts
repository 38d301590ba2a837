import { expect, test } from 'vitest';
import { keptValue, VALUE_BYTES_MAX } from '../../../src/adapters/in-process/result-value.ts';

const circle: { inner?: unknown } = {};
circle.inner = circle;
const fits = 'x'.repeat(VALUE_BYTES_MAX - 2);

test.each([
  ['nothing', undefined, null],
  ['a text', 'done', 'done'],
  ['the largest text', fits, fits],
  ['what is left out', { page: 3, more: undefined }, { page: 3 }],
  ['a map without a prototype', Object.assign(Object.create(null), { page: [true, null] }), { page: [true, null] }],
])('%s is kept', (_, value, kept) => {
  expect(keptValue(value)).toEqual(kept);
});

test.each([
  ['no number', { page: Number.NaN }, 'it.page is NaN, which is no JSON'],
  ['a function', [() => {}], 'it[0] is of type function, which is no JSON'],
  ['a hole', [undefined], 'it[0] is of type undefined, which is no JSON'],
  ['a big integer', 3n, 'it is of type bigint, which is no JSON'],
  ['a map of another class', new Map(), 'it is of class Map, which is no JSON'],
  ['a circle', circle, 'it is nested too deeply, or contains itself'],
  ['too much', `${fits}x`, `it has ${VALUE_BYTES_MAX + 1} bytes as JSON, and at most ${VALUE_BYTES_MAX} are kept`],
])('%s is refused, and it is said where it is', (_, value, what) => {
  expect(() => keptValue(value)).toThrow(`What it returned cannot be kept: ${what}.`);
});
