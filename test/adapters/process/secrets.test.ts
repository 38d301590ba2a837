import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ProgramSpec } from '../../../src/adapters/process/environment.ts';
import { resolveSecrets } from '../../../src/adapters/process/secrets.ts';
import { decodeUnit } from '../../../src/machines/spec.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

const VALUE = "pl\"an\\ted $HOME 'x' é\nsecond line";
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

function resolved(source: object, base: Readonly<Record<string, string>> = {}, cwd = '.') {
  const kept: string[] = [];
  const spec = decodeUnit({ id: 'a', command: 'x', cwd, env: { secrets: { NAME: source } } }) as ProgramSpec;
  const { NAME: value } = resolveSecrets(spec, base, { add: (secret) => void kept.push(secret) });
  return { value, kept };
}

test('a command gets its secrets unchanged, by variable and by file, and not what they were called here', async () => {
  const rig = await openRig({ PATH: process.env.PATH, SOURCE: VALUE });
  writeFileSync(join(rig.stateDir, 'password'), VALUE);
  const script = `const { createHash } = require('node:crypto');
    const hash = (text) => text && createHash('sha256').update(text).digest('hex');
    console.log(JSON.stringify([process.env.A, process.env.B, process.env.SOURCE].map(hash)));`;
  const { text } = await rig.run({
    command: [process.execPath, '-e', script],
    env: { secrets: { A: { env: 'SOURCE' }, B: { file: 'password' } } },
  });
  expect(JSON.parse(text)).toEqual([hashOf(VALUE), hashOf(VALUE), null]);
});

test.each([
  ['one\n', 'one'],
  ['one\r\n', 'one'],
  ['one\n\n', 'one\n'],
  [' one ', ' one '],
  ['\uFEFFone', '\uFEFFone'],
  ['', ''],
])('a file with %j holds the secret %j', (content, value) => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'file'), content);
  expect(resolved({ file: 'file' }, {}, cwd).value).toBe(value);
});

test('a file of 64 KB is read, one byte more is refused', () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'file'), 'x'.repeat(65_536));
  expect(resolved({ file: 'file' }, {}, cwd).value?.length).toBe(65_536);
  writeFileSync(join(cwd, 'file'), 'x'.repeat(65_537));
  expect(() => resolved({ file: 'file' }, {}, cwd)).toThrow('it is larger than 64 KB');
});

test('every secret is made known before it is used, except one too short to be told from a word', () => {
  expect([resolved({ env: 'X' }, { X: 'four' }), resolved({ env: 'X' }, { X: 'abc' })]).toEqual([
    { value: 'four', kept: ['four'] },
    { value: 'abc', kept: [] },
  ]);
});

test('a secret beats what is inherited under its name, and one that is set too is refused', async () => {
  const rig = await openRig({ PATH: process.env.PATH, NAME: 'inherited', OTHER: 'secret' });
  const env = { inherit: ['PATH', 'NAME'], secrets: { NAME: { env: 'OTHER' } } };
  expect((await rig.run({ command: 'echo "$NAME"', env })).text).toBe('secret\n');
  expect(() => rig.call({ env: { ...env, set: { NAME: 'literal' } } })).toThrow(
    /env\.secrets\.NAME: is in env\.set too; leave one of the two out$/,
  );
});

test.each<[string, (dir: string) => object, string, string]>([
  [
    'a variable that is not set',
    () => ({ env: 'MISSING' }),
    'the variable MISSING: it is not set.',
    'Set it in the environment that reeve runs in, or take the secret from a file.',
  ],
  [
    'a name that every object knows',
    () => ({ env: 'toString' }),
    'the variable toString: it is not set.',
    'Set it in the environment that reeve runs in, or take the secret from a file.',
  ],
  [
    'a file that is not there',
    () => ({ file: 'gone' }),
    'the file <dir>/gone: no such file.',
    "Create it, or correct the path. Relative paths start at the unit's cwd.",
  ],
  [
    'a directory',
    (dir) => {
      mkdirSync(join(dir, 'secret'));
      return { file: 'secret' };
    },
    'the file <dir>/secret: it is not a regular file.',
    'Name a file that holds the secret and nothing else.',
  ],
  [
    'a FIFO that nobody writes to',
    (dir) => {
      execFileSync('mkfifo', [join(dir, 'secret')]);
      return { file: 'secret' };
    },
    'the file <dir>/secret: it is not a regular file.',
    'Name a file that holds the secret and nothing else.',
  ],
  [
    'a file with a NUL byte',
    (dir) => {
      writeFileSync(join(dir, 'secret'), 'planted\0');
      return { file: 'secret' };
    },
    'the file <dir>/secret: it is not text.',
    'A variable holds UTF-8 text without NUL bytes: store it encoded, for example as base64.',
  ],
  [
    'a file that is not UTF-8',
    (dir) => {
      writeFileSync(join(dir, 'secret'), Buffer.from([0x70, 0xff, 0xfe]));
      return { file: 'secret' };
    },
    'the file <dir>/secret: it is not text.',
    'A variable holds UTF-8 text without NUL bytes: store it encoded, for example as base64.',
  ],
])('%s is no secret: the launch fails, by name and source', async (_, source, where, hint) => {
  const rig = await openRig({ PATH: process.env.PATH });
  const call = rig.call({ command: 'true', env: { secrets: { PASSWORD: source(rig.stateDir) } } });
  await rig.driver.launch(call);
  const { problem, resource } = await rig.fact('run.launch-failed', call);
  expect([{ ...problem, message: problem.message.replace(rig.stateDir, '<dir>') }, resource]).toEqual([
    { code: 'SecretNotAvailable', message: `Cannot take the secret PASSWORD from ${where}`, hint },
    false,
  ]);
});

test.skipIf(process.getuid?.() === 0)('a file that may not be read says so', () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'file'), 'x');
  chmodSync(join(cwd, 'file'), 0o000);
  expect(() => resolved({ file: 'file' }, {}, cwd)).toThrow('permission denied');
});
