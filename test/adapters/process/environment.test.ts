import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readEnvFiles } from '../../../src/adapters/process/env-file.ts';
import { environmentFor, type ProgramSpec, readEnvironment } from '../../../src/adapters/process/environment.ts';
import { isFault, problemOf } from '../../../src/machines/errors.ts';
import { decodeUnit } from '../../../src/machines/spec.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

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
  REEVE_MESSAGES: '/outer/messages',
  IFS: ':',
  UNSET: undefined,
  npm_config_cache: '/x',
  npm_lifecycle_event: 'start',
  NPM_TOKEN: 'x',
  INIT_CWD: '/x',
  ELECTRON_RUN_AS_NODE: '1',
  VSCODE_IPC_HOOK: '/x',
  NODE_UNIQUE_ID: '3',
  NOTIFY_SOCKET: '/run/notify',
  LISTEN_FDS: '1',
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

test('of what names the same the later one counts: inherited, file, set, secret, port', () => {
  const base = { A: 'base', B: 'base', C: 'base', D: 'base', PORT: 'base' };
  const files = { B: 'file', C: 'file', D: 'file', PORT: 'file' };
  const spec = specOf({ inherit: 'all', set: { C: 'set', PORT: 'set' }, secrets: { D: { env: 'X' } } });
  expect(environmentFor(spec, base, { files, secrets: { D: 'secret' }, port: 8080 })).toEqual({
    A: 'base',
    B: 'file',
    C: 'set',
    D: 'secret',
    PORT: '8080',
  });
});

test('what is unset is neither inherited nor taken from a file', () => {
  const spec = specOf({ inherit: 'all', unset: ['TOKEN', 'FROM_FILE', 'MISSING'] });
  expect(environmentFor(spec, { TOKEN: 't', PATH: '/bin' }, { files: { FROM_FILE: 'x', KEPT: 'y' } })).toEqual({
    PATH: '/bin',
    KEPT: 'y',
  });
});

test('a variable of a file that a shell keeps for itself is refused by name', () => {
  expect(() => environmentFor(specOf({}), {}, { files: { IFS: ':' } })).toThrow('"IFS"');
});

test('the environment is a fresh object: changing it changes nobody else’s', () => {
  const env = environmentFor(specOf({ inherit: 'safe' }), BASE);
  env.PATH = '/changed';
  expect(BASE.PATH).toBe('/bin');
});

function inFiles(files: Readonly<Record<string, string | Buffer>>, file: unknown) {
  const cwd = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return readEnvFiles(specOf({ file }, { cwd }));
}

test('a file holds a variable in each line, with comments, quotes and values over several lines', () => {
  const text = '\uFEFFA=1\r\nexport B="x # y" # note\n# C=2\n\nD = \'one\ntwo\' \nE=a=b\nF=$A';
  expect(inFiles({ '.env': text }, '.env')).toEqual({ A: '1', B: 'x # y', D: 'one\ntwo', E: 'a=b', F: '$A' });
});

test('of several files the last one that has a variable counts', () => {
  const files = { base: 'A=1\nB=1\nC=1', more: 'B=2\nC=2', last: 'C=3' };
  expect(inFiles(files, ['base', 'more', 'last'])).toEqual({ A: '1', B: '2', C: '3' });
});

test.each([
  ['gone', 'no such file', "Create it, or correct env.file. Relative paths start at the unit's cwd."],
  ['bad', '"A-B" is not the name of a variable', expect.stringMatching(/^Write NAME=value/)],
  ['binary', 'it is not text', 'Store it as UTF-8.'],
  ['.', 'it is not a regular file', 'Name a file in env.file, not a directory.'],
  ['large', 'it is larger than 64 KB', 'Leave in it what the command needs.'],
])('of the file %j it is said what is wrong, and nothing of what is in it', (file, why, hint) => {
  const large = `A=${'x'.repeat(65_536)}`;
  const files = { bad: 'A-B=planted\n', binary: Buffer.from([0x41, 0x3d, 0xff]), large };
  const refused = faultOf(() => inFiles(files, file));
  expect(refused).toEqual({
    code: 'EnvFileNotUsable',
    message: expect.stringMatching(new RegExp(`^Cannot take variables from /.*: ${why}\\.$`)),
    hint,
  });
});

function faultOf(act: () => unknown) {
  try {
    return act();
  } catch (error) {
    return isFault(error) ? problemOf(error) : error;
  }
}

test('a file is read at every launch, and a launch without it fails in words', async () => {
  const rig = await openRig({ PATH: process.env.PATH });
  const unit = { command: 'echo "$GREETING"', env: { file: '.env' } };
  const printed: string[] = [];
  for (const greeting of ['hello', 'good bye']) {
    writeFileSync(join(rig.stateDir, '.env'), `GREETING=${greeting}\n`);
    printed.push((await rig.run(unit)).text);
  }
  rmSync(join(rig.stateDir, '.env'));
  const call = rig.call(unit);
  await rig.driver.launch(call);
  const { problem } = await rig.fact('run.launch-failed', call);
  expect([printed, problem.code, problem.message]).toEqual([
    ['hello\n', 'good bye\n'],
    'EnvFileNotUsable',
    `Cannot take variables from ${join(rig.stateDir, '.env')}: no such file.`,
  ]);
});

test('a variable of a file is a secret where it is listed as one, and beats ours of that name', () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, '.env'), 'TOKEN=from the file\nPLAIN=also there');
  const kept: string[] = [];
  const spec = specOf({ file: '.env', secrets: { TOKEN: { env: 'TOKEN' } } }, { cwd });
  const env = readEnvironment(spec, { TOKEN: 'ours' }, { secrets: { add: (value) => void kept.push(value) } });
  expect([env, kept]).toEqual([{ TOKEN: 'from the file', PLAIN: 'also there' }, ['from the file']]);
});
