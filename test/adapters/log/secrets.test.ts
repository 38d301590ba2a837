import { expect, test } from 'vitest';
import { secretsRegistry } from '../../../src/adapters/log/secrets.ts';

test('a secret that contains another is hidden whole', () => {
  const secrets = secretsRegistry();
  secrets.add('abc');
  secrets.add('abcdef');
  expect(secrets.redact('abcdef abc')).toBe('[redacted] [redacted]');
});

test('what is syntax elsewhere is a plain character in a secret', () => {
  const secrets = secretsRegistry();
  secrets.add('a.*(b|c)$[1]\\');
  expect([secrets.redact('a.*(b|c)$[1]\\'), secrets.redact('axx')]).toEqual(['[redacted]', 'axx']);
});

test('an empty secret hides nothing', () => {
  const secrets = secretsRegistry();
  secrets.add('');
  expect(secrets.redact('text')).toBe('text');
});
