import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigInvalid, ConfigNotFound, ConfigUnreadable } from '../../../src/adapters/config/errors.ts';
import { CONFIG_NAMES } from '../../../src/adapters/config/find.ts';
import { loadConfig } from '../../../src/adapters/config/load.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'reeve-config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const put = (name: string, text: string): void => writeFileSync(join(directory, name), text);
const load = (file?: string) => loadConfig({ cwd: directory, env: { STAGE: 'test' }, ...(file && { file }) });

test.each([
  ['reeve.yaml', 'units:\n  api: { command: node api.js }\n'],
  ['reeve.yml', '\uFEFFunits: &all\r\n  api:\r\n    command: node api.js\r\n'],
  ['reeve.json', '{\n\t"units": { "api": { "command": "node api.js" } }\n}'],
  ['reeve.config.ts', 'const command: string = "node api.js";\nexport default { units: { api: { command } } };'],
  ['reeve.config.js', 'module.exports = { units: { api: { command: "node api.js" } } };'],
  ['reeve.config.mjs', 'export default async () => ({ units: { api: { command: "node api.js" } } });'],
  ['Procfile', '# web\n\napi: node api.js\n'],
])('a project is read from %s', async (name, text) => {
  put(name, text);
  const { project, file } = await load();
  expect({ file, units: project.units.map(({ id, kind, cwd }) => ({ id, kind, cwd })) }).toEqual({
    file: join(directory, name),
    units: [{ id: 'api', kind: 'server', cwd: directory }],
  });
});

test('a function in a config module is told the environment and its directory', async () => {
  put(
    'reeve.config.mjs',
    'export default ({ env, directory }) => ({ name: env.STAGE, units: { a: { command: [directory] } } });',
  );
  const { project } = await load();
  expect([project.name, project.units[0]]).toMatchObject(['test', { command: [directory] }]);
});

test('a directory of a unit is meant from the file, not from where reeve was called', async () => {
  mkdirSync(join(directory, 'deploy'));
  put('deploy/reeve.yaml', 'units:\n  a: { command: x, cwd: ./db }\n  b: { command: x, cwd: /srv }\n');
  const { project, directory: found } = await load('deploy/reeve.yaml');
  expect({ found, name: project.name, directories: project.units.map(({ cwd }) => cwd) }).toEqual({
    found: join(directory, 'deploy'),
    name: 'deploy',
    directories: [join(directory, 'deploy/db'), '/srv'],
  });
});

test('a module goes before YAML, YAML before JSON, and a Procfile is last', async () => {
  for (const name of CONFIG_NAMES.toReversed()) {
    put(
      name,
      name.startsWith('reeve.config') ? 'export default { units: {} };' : name === 'Procfile' ? '' : '{"units":{}}',
    );
    if (name.endsWith('.js')) put(name, 'module.exports = { units: {} };');
    expect((await load()).file).toBe(join(directory, name));
  }
});

test('anchors, aliases and merges are YAML like any other', async () => {
  put('reeve.yaml', 'units:\n  a: &base { command: x, port: 1 }\n  b: *base\n  c:\n    <<: *base\n    port: 2\n');
  const { project } = await load();
  expect(project.units.map((unit) => unit.kind === 'server' && unit.port)).toEqual([1, 1, 2]);
});

const BAD_TEXTS: readonly (readonly [name: string, text: string, ...lines: string[]])[] = [
  ['reeve.yaml', 'units:\n  a: 1\n  a: 2\n', 'reeve.yaml:3:3  "a" is here twice', '    keep one of the two'],
  ['reeve.yaml', 'units:\n\ta: 1\n', 'reeve.yaml:2:1  this line is indented by a tab', '    YAML indents by spaces'],
  [
    'reeve.yaml',
    'units:\n  a: *b\n',
    'reeve.yaml:2:6  there is no anchor "b" before this alias',
    '    write &b where it is first',
  ],
  [
    'reeve.yaml',
    'units: !all {}\n',
    'reeve.yaml:1:8  there is no tag !all',
    '    leave it out, or put the value in quotes',
  ],
  ['reeve.yaml', 'units:\n  a: @x\n', 'reeve.yaml:2:6  a value cannot begin with @', '    put it in quotes'],
  [
    'reeve.yaml',
    'units: {}\n---\nunits: {}\n',
    'reeve.yaml:2:1  a second document begins here',
    '    a project file is one document: take out the ---',
  ],
  ['reeve.yaml', 'units:\n  a: "x\n', 'reeve.yaml:3:1  not YAML: missing closing "quote'],
  ['reeve.yaml', '', 'reeve.yaml:1:1  is empty, and should be a map'],
  [
    'reeve.yaml',
    'units:\n  a:\n    port: 0\n',
    'reeve.yaml:2:3  units.a.command  command is missing',
    'reeve.yaml:3:5  units.a.port  0 is not a port',
    '    a port is a whole number from 1 to 65535',
  ],
  [
    'reeve.yaml',
    'units:\n  a:\n    command:\n      - x\n      - 1\n',
    'reeve.yaml:5:9  units.a.command[1]  1 is not a text',
  ],
  [
    'reeve.yaml',
    'units:\n  a: { kind: sever, comand: x, stop: { grace: 5 sec } }\n',
    'reeve.yaml:2:3  units.a.command  command is missing',
    'reeve.yaml:2:8  units.a.kind  "sever" is not server, job or watcher',
    '    did you mean "server"?',
    'reeve.yaml:2:21  units.a.comand  there is no option "comand"',
    '    did you mean "command"?',
    'reeve.yaml:2:40  units.a.stop.grace  "5 sec" is not a duration',
    '    write milliseconds, or a text such as "250ms", "5s", "10m", "1h"',
  ],
  [
    'reeve.yaml',
    'units:\n  a: { kind: cron, command: x, timeout: 5 sec }\n',
    'reeve.yaml:2:8  units.a.kind  "cron" is not server, job or watcher',
    'reeve.yaml:2:32  units.a.timeout  "5 sec" is not a duration',
    '    write milliseconds, or a text such as "250ms", "5s", "10m", "1h"',
  ],
  [
    'reeve.yaml',
    'units:\n  a: { command: x, stop: { ask: { message: drain } } }\n',
    'reeve.yaml:2:35  units.a.stop.ask.message  reeve cannot do this yet',
    '    ask by exec or http',
  ],
  [
    'reeve.yaml',
    'units:\n  b: { command: &c [1] }\n  a: { command: *c }\n',
    'reeve.yaml:2:21  units.b.command[0]  1 is not a text',
    'reeve.yaml:2:21  units.a.command[0]  1 is not a text',
  ],
  [
    'reeve.json',
    '{\n  "units": {},\n}',
    'reeve.json:3:1  this is not JSON',
    '    JSON has no comments, no comma after the last item, and names and texts in double quotes; YAML is freer',
  ],
  [
    'reeve.json',
    '{ "password": hunter2 }',
    'reeve.json:1:15  this is not JSON',
    '    JSON has no comments, no comma after the last item, and names and texts in double quotes; YAML is freer',
  ],
  ['reeve.json', '{ "units": {', 'reeve.json:1:13  this is not JSON', '    the text ends too early'],
  [
    'reeve.json',
    '{ "units": {\n\t"a": 1,\n\t"a": 2 } }',
    'reeve.json:3:2  "a" is here twice',
    '    keep one of the two',
  ],
  [
    'reeve.json',
    '{\n\t"units": {\n\t\t"a": { "comand": "x" }\n\t}\n}',
    'reeve.json:3:3  units.a.command  command is missing',
    'reeve.json:3:10  units.a.comand  there is no option "comand"',
    '    did you mean "command"?',
  ],
  ['reeve.config.mjs', 'export default { units: { a: {} } };', 'reeve.config.mjs  units.a.command  command is missing'],
  [
    'Procfile',
    'web: x\nweb: y\nworker\n',
    'Procfile:2:1  "web" is here twice',
    '    keep one of the two',
    'Procfile:3:1  not a line of a Procfile',
    '    write name: command',
  ],
  [
    'Procfile',
    '\n.web: x\n',
    'Procfile:2:1  units[".web"]  ".web" is not a usable id',
    '    use letters, digits, ".", "_" and "-", at most 64, and begin with a letter or digit',
  ],
];

test.each(BAD_TEXTS)('in %s, %j is shown where it is wrong', async (name, text, ...lines) => {
  put(name, text);
  const fault = await rejection(ConfigInvalid);
  expect(fault.message.split('\n')).toEqual(lines);
});

test('a password near a fault is not shown', async () => {
  const faults: string[] = [];
  for (const text of [
    '{ "password": "hunter2", }',
    '{ "password": hunter2 }',
    '{ "units": { "a": { "env": "hunter2" } } }',
  ]) {
    put('reeve.json', text);
    faults.push((await rejection(ConfigInvalid)).message);
  }
  expect(faults.filter((message) => message.includes('hunter2'))).toEqual([]);
});

test('without a project file it is said what was looked for, and where', async () => {
  const { message } = await rejection(ConfigNotFound);
  expect(message).toBe(`There is no project file in ${directory}: looked for ${CONFIG_NAMES.join(', ')}.`);
  const asked = await rejection(ConfigNotFound, 'shop.yaml');
  expect(asked.message).toBe(`There is no project file ${join(directory, 'shop.yaml')}.`);
});

test.each([
  ['reeve.config.mjs', 'throw new Error("no database");', 'no database'],
  ['reeve.config.mjs', 'export const units = {};', 'it has no default export'],
  ['project.txt', '', 'its name does not say its format'],
])('%s with %j cannot be read', async (name, text, why) => {
  put(name, text);
  const { message } = await rejection(ConfigUnreadable, name);
  expect(message).toBe(`Cannot read ${join(directory, name)}: ${why}.`);
});

test('a directory with the name of a project file is no project file', async () => {
  mkdirSync(join(directory, 'reeve.yaml'));
  const { message } = await rejection(ConfigUnreadable);
  expect(message).toBe(`Cannot read ${join(directory, 'reeve.yaml')}: it is a directory.`);
});

test.skipIf(process.getuid?.() === 0)('a file without permission is said to be one', async () => {
  put('reeve.yaml', 'units: {}');
  chmodSync(join(directory, 'reeve.yaml'), 0o000);
  const { message } = await rejection(ConfigUnreadable);
  expect(message).toBe(`Cannot read ${join(directory, 'reeve.yaml')}: permission denied.`);
});

async function rejection<E extends Error>(type: abstract new (...args: never[]) => E, file?: string): Promise<E> {
  const error = await load(file).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof type) return error;
  throw new Error('It was loaded, or refused for another reason.', { cause: error });
}
