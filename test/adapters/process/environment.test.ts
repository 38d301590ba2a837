import { expect, test } from 'vitest';
import { environmentFor, type ProgramSpec } from '../../../src/adapters/process/environment.ts';
import { decodeUnit } from '../../../src/machines/spec.ts';

const BASE = {
  PATH: '/bin',
  LC_TIME: 'C',
  XDG_RUNTIME_DIR: '/run/user/1',
  TOKEN: 't',
  NODE_OPTIONS: '--inspect',
  LD_PRELOAD: 'x.so',
  DYLD_INSERT_LIBRARIES: 'x',
  DEBUG: '*',
  REEVE_RUN: 'outer/run',
  IFS: ':',
  UNSET: undefined,
};
const specOf = (env: unknown, more: object = {}) => decodeUnit({ id: 'a', command: 'x', env, ...more }) as ProgramSpec;

test.each([
  ['safe', { PATH: '/bin', LC_TIME: 'C', XDG_RUNTIME_DIR: '/run/user/1' }],
  ['all', { PATH: '/bin', LC_TIME: 'C', XDG_RUNTIME_DIR: '/run/user/1', TOKEN: 't' }],
  ['none', {}],
  [['TOKEN', 'NODE_OPTIONS', 'MISSING'], { TOKEN: 't', NODE_OPTIONS: '--inspect' }],
])('inherit %j', (inherit, expected) => {
  expect(environmentFor(specOf({ inherit }), BASE)).toEqual(expected);
});

test('what is set wins over what is inherited, and the port over both', () => {
  const spec = specOf({ inherit: ['PATH'], set: { PATH: '/opt', PORT: '1', DEBUG: 'mine' } }, { port: 8080 });
  expect(environmentFor(spec, BASE)).toEqual({ PATH: '/opt', PORT: '8080', DEBUG: 'mine' });
});

test('the environment is a fresh object: changing it changes nobody else’s', () => {
  const env = environmentFor(specOf({ inherit: 'safe' }), BASE);
  env.PATH = '/changed';
  expect(BASE.PATH).toBe('/bin');
});
