/** Project files that no person would write on purpose: each works, or is refused soon, in words, at its line. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigInvalid, type ConfigUnreadable } from '../../../src/adapters/config/errors.ts';
import { type Config, loadConfig } from '../../../src/adapters/config/load.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const load = (cwd: string, file?: string): Promise<Config> => loadConfig({ cwd, env: {}, ...(file && { file }) });

/** A directory with one file. */
function holding(name: string, content: string | Buffer): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, name), content);
  return directory;
}

function writeLarge(path: string, bytes: number): void {
  writeFileSync(path, '');
  truncateSync(path, bytes);
}

async function refusal(cwd: string, file?: string): Promise<readonly string[]> {
  const error = await load(cwd, file).catch((reason: unknown) => reason);
  const { message, hint } = error as ConfigInvalid | ConfigUnreadable;
  return [...message.replaceAll(cwd, '.').split('\n'), ...(error instanceof ConfigInvalid ? [] : [hint])];
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

test.each([
  ['a byte order mark', 'reeve.yaml', '\uFEFFunits:\n  a: { command: x }\n'],
  ['the ends of lines of Windows', 'reeve.yaml', 'units:\r\n  a:\r\n    command: x\r\n'],
  ['both, in JSON', 'reeve.json', '\uFEFF{\r\n\t"units": { "a": { "command": "x" } }\r\n}\r\n'],
  ['both, in a Procfile', 'Procfile', '\uFEFFa: x\r\n\r\n'],
  ['tabs where they may be', 'reeve.yaml', 'units:\n  a:\t{ command:\tx }\t# a\n'],
  ['no last newline', 'reeve.yaml', 'units: { a: { command: x } }'],
  ['a document that begins and ends', 'reeve.yaml', '%YAML 1.2\n---\nunits: { a: { command: x } }\n...\n'],
])('a file with %s is read', async (_, name, text) => {
  const { project } = await load(holding(name, text));
  expect(project.units.map(({ id, kind }) => ({ id, kind }))).toEqual([{ id: 'a', kind: 'server' }]);
});

const UTF8 = '    save the file as UTF-8';
const TWICE = '    keep one of the two';
const TEXT = '    put it in quotes, and write its value after a colon';
const LAUGHS = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${lines(9, (index) => {
  const [name, before] = ['bcdefghij'[index]!, 'abcdefghi'[index]!];
  return `${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]\n`;
})}`;
const MERGED_LAUGHS = `a: &a0 { p: { x: 1 }, q: { x: 1 } }\n${lines(
  40,
  (index) => `b${index}: &a${index + 1} { p: { <<: *a${index} }, q: { <<: *a${index} } }\n`,
)}`;

const refused = (what: string, name: string, content: string | Buffer, ...words: string[]) => ({
  what,
  name,
  content,
  words,
});
const REFUSED = [
  refused(
    'bytes of Latin-1',
    'reeve.yaml',
    Buffer.from('a: b\nname: caf\xe9\n', 'latin1'),
    'reeve.yaml:2:1  this line is not UTF-8',
    UTF8,
  ),
  refused(
    'bytes of Latin-1, in JSON',
    'reeve.json',
    Buffer.from('{"a":"\xe9"}', 'latin1'),
    'reeve.json:1:1  this line is not UTF-8',
    UTF8,
  ),
  refused('UTF-16', 'reeve.yaml', Buffer.from('\uFEFFunits: {}', 'utf16le'), 'reeve.yaml:1:1  this is UTF-16', UTF8),
  refused(
    'a NUL byte',
    'Procfile',
    'a: x\nb: y\0\n',
    'Procfile:2:1  this line has a NUL byte',
    '    a project file is plain text',
  ),
  refused(
    'a key twice',
    'reeve.yaml',
    'units:\n  a: { command: x }\n  "a": { command: y }\n',
    'reeve.yaml:3:3  "a" is here twice',
    TWICE,
  ),
  refused('a key twice, in two ways', 'reeve.yaml', '1: a\n"1": b\n', 'reeve.yaml:2:1  "1" is here twice', TWICE),
  refused(
    'a key twice, deep in JSON',
    'reeve.json',
    '{"a": {"b": 1,\n"b": 2}}',
    'reeve.json:2:1  "b" is here twice',
    TWICE,
  ),
  refused(
    'a tab that indents',
    'reeve.yaml',
    'units:\n  a:\n  \tcommand: x\n',
    'reeve.yaml:3:3  this line is indented by a tab',
    '    YAML indents by spaces',
  ),
  refused(
    'keys that are no texts',
    'reeve.yaml',
    '~: 1\n? [a]\n: 2\n',
    `reeve.yaml:1:1  a key must be a text`,
    TEXT,
    'reeve.yaml:2:3  a key must be a text',
    TEXT,
  ),
  refused(
    'aliases of aliases',
    'reeve.yaml',
    LAUGHS,
    'reeve.yaml:6:7  with its aliases written out, this is too much',
    '    use fewer of them',
  ),
  refused(
    'merges of merges',
    'reeve.yaml',
    MERGED_LAUGHS,
    expect.stringContaining('with its aliases written out, this is too much'),
    '    use fewer of them',
  ),
  refused(
    'an alias in itself',
    'reeve.yaml',
    'a: &a\n  b: *a\n',
    'reeve.yaml:2:6  this alias is inside of what "a" stands for',
    '    write the value out',
  ),
  refused(
    'a merge of no map',
    'reeve.yaml',
    'a: { <<: 3 }\n',
    'reeve.yaml:1:10  << takes over what is no map',
    '    write <<: *name of a map',
  ),
  refused(
    'a hundred levels',
    'reeve.yaml',
    `a: ${'['.repeat(100)}${']'.repeat(100)}`,
    'reeve.yaml:1:68  this is nested too deeply',
    '    no project needs so many levels',
  ),
  refused(
    'a hundred levels of JSON',
    'reeve.json',
    `${'['.repeat(100)}${']'.repeat(100)}`,
    'reeve.json:1:66  this is nested too deeply',
    '    no project needs so many levels',
  ),
];

test.each(REFUSED)('$what in $name is refused at its line', async ({ name, content, words }) => {
  expect(await refusal(holding(name, content))).toEqual(words);
});

test('levels beyond what the parser itself can follow are refused, too', async () => {
  const [first] = await refusal(holding('reeve.yaml', '[ '.repeat(10_000)));
  expect(first).toMatch(/^reeve\.yaml:1:\d+ {2}this is nested too deeply$/);
});

test('one anchor may stand for a thousand units, and keys may have the names of objects’ own', async () => {
  const units = lines(1_000, (index) => `  u${index}: ${index % 2 ? '*base' : '{ <<: *base, cwd: /srv }'}\n`);
  const text = `units:\n  constructor: &base { command: x, env: { set: { toString: a } } }\n${units}`;
  const { project } = await load(holding('reeve.yaml', text));
  expect(project.units.length).toBe(1_001);
  expect(project.units.filter((unit) => unit.kind !== 'server' || String(unit.env.set.toString) !== 'a')).toEqual([]);
  const [fault] = await refusal(holding('reeve.yaml', 'units:\n  __proto__: { command: x }\n'));
  expect(fault).toBe('reeve.yaml:2:3  units.__proto__  "__proto__" is not a usable id');
});

test('an environment of 2,000 lines is read line by line', async () => {
  const set = lines(2_000, (index) => `        LINE_${index}: "value ${index}"\n`);
  const { project } = await load(holding('reeve.yaml', `units:\n  a:\n    command: x\n    env:\n      set:\n${set}`));
  const [unit] = project.units;
  const expected = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`LINE_${index}`, `value ${index}`]));
  expect(unit?.kind === 'server' && unit.env.set).toEqual(expected);
});

test('10,000 units that wait for each other in one row are read', { timeout: 60_000 }, async () => {
  const row = lines(
    10_000,
    (index) => `  u${index}: { command: x${index < 9_999 ? `, after: { u${index + 1}: running }` : ''} }\n`,
  );
  const { project } = await load(holding('reeve.yaml', `units:\n${row}`));
  expect(project.units.length).toBe(10_000);
});

test('of 10,000 faults the first fifty are printed, and all are counted', { timeout: 60_000 }, async () => {
  const directory = holding('reeve.yaml', `units:\n${lines(10_000, (index) => `  u${index}: { command: 1 }\n`)}`);
  const error = await load(directory).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigInvalid)) throw error;
  const printed = error.message.split('\n');
  expect({ faults: error.faults.length, printed: printed.filter((line) => /^reeve/.test(line)).length }).toEqual({
    faults: 10_000,
    printed: 50,
  });
  expect([printed.at(-1), error.hint]).toEqual(['… and 9950 more faults', 'Correct these 10000 in reeve.yaml.']);
});

test.each([
  [
    'of 50 MB',
    (path: string) => writeLarge(path, 50 * 1024 ** 2),
    'it has 50.0 MB, and a project file has at most 4',
    'Look whether it is the right file.',
  ],
  [
    'that is a directory',
    (path: string) => mkdirSync(path),
    'it is a directory',
    'Name the project file inside of it.',
  ],
  [
    'that is a pipe',
    (path: string) => execFileSync('mkfifo', [path]),
    'it is a pipe, a socket or a device',
    'Write it to a file, and name that.',
  ],
  [
    'that is a device',
    (path: string) => symlinkSync('/dev/zero', path),
    'it is a pipe, a socket or a device',
    'Write it to a file, and name that.',
  ],
])('a file %s is not even read', async (_, make, why, hint) => {
  for (const name of ['reeve.yaml', 'reeve.config.mjs', 'Procfile']) {
    const directory = temporaryDirectory();
    make(join(directory, name));
    // A module may be of any size: it is a program.
    if (name.endsWith('.mjs') && why.includes('MB')) continue;
    expect(await refusal(directory)).toEqual([`Cannot read ./${name}: ${why}.`, hint]);
  }
});

test.each([
  ['a link that leads nowhere', (path: string) => symlinkSync('nowhere', path)],
  ['a link that leads to itself', (path: string) => symlinkSync(path, path)],
])('%s is no file', async (_, make) => {
  const directory = temporaryDirectory();
  make(join(directory, 'shop.yaml'));
  expect((await refusal(directory, 'shop.yaml'))[0]).toBe('There is no project file ./shop.yaml.');
});

test('a path through a file leads to no file', async () => {
  const directory = holding('a', '');
  expect((await refusal(directory, 'a/reeve.yaml'))[0]).toBe('There is no project file ./a/reeve.yaml.');
});

// Root may read everything.
test.skipIf(process.getuid?.() === 0)('a directory that may not be entered is said to be so', async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'closed'));
  chmodSync(join(directory, 'closed'), 0);
  expect((await refusal(directory, 'closed/reeve.yaml'))[0]).toBe(
    'Cannot read ./closed/reeve.yaml: permission denied.',
  );
});
