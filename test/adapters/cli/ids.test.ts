/** What people may call a unit: every name works everywhere, or is refused at once. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { connectControl } from '../../../src/adapters/http/client.ts';
import type { Entry, ProjectStatus, Result } from '../../../src/index.ts';
import { closeShells, openShell } from './shell.ts';

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

const LEGAL = [
  ...['a', 'A', '9', '01', '1e3', '0x10', 'true', 'null', 'no', 'a.b', 'a..', 'a-', 'a_', 'A-b_c.9'],
  ...[
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'then',
    'runs',
    'status',
    'down',
    'x'.repeat(64),
  ],
];

const ILLEGAL = [
  ...[
    '',
    ' ',
    'a b',
    ' a',
    'a\t',
    'a\n',
    'a\0b',
    'a/b',
    '/',
    '.',
    '..',
    '../a',
    '.a',
    '-a',
    '--json',
    '_a',
    '__proto__',
  ],
  ...[
    'a:b',
    'a%2fb',
    'a;b',
    '$a',
    'a*',
    '"',
    "'",
    '\\',
    'é',
    'ａ',
    '日本',
    '😀',
    'a\u200b',
    '\u202ea',
    '\u001b[31m',
    'x'.repeat(65),
  ],
  'x'.repeat(300),
];

test('every legal name works in the file, the journal, the run directory, the marker, and every command', async () => {
  const units = Object.fromEntries(
    LEGAL.map((id, index) => [
      id,
      {
        kind: 'job',
        command: ['sh', '-c', 'printf "%s" "$REEVE_RUN"'],
        group: id,
        ...(index > 0 && { after: { [LEGAL[index - 1]!]: 'reaped' } }),
      },
    ]),
  );
  const groups = Object.fromEntries(LEGAL.map((id) => [id, { strategy: 'one-for-all' }]));
  const shell = openShell({ 'reeve.yaml': stringify({ units, groups }) });
  const { units: shown } = await shell.json<ProjectStatus>('up', '--detach');
  expect(shown.map(({ id }) => id).toSorted()).toEqual(LEGAL.toSorted());
  const live = (await connectControl(shell.stateDir))!;
  const seen = [];
  for (const id of LEGAL) {
    const { result } = await live.wait(id, { maxWaitMs: 20_000 });
    const { run } = await live.unit(id);
    const types: string[] = [];
    for await (const { event } of live.journal({ unit: id })) types.push(event.type);
    const [, unit, marked] = result.output.tail.split('/');
    const directories = readdirSync(join(shell.stateDir, 'runs'));
    seen.push({
      id,
      outcome: result.outcome,
      unit,
      isItsRun: marked === run?.runId,
      isThere: directories.includes(marked ?? ''),
      exited: types.includes('run.exited'),
    });
  }
  expect(seen).toEqual(
    LEGAL.map((id) => ({ id, outcome: 'finished', unit: id, isItsRun: true, isThere: true, exited: true })),
  );
  for (const id of ['constructor', '01', 'status', 'a..']) {
    expect((await shell.unit(id)).id).toBe(id);
    expect((await shell.reeve('logs', id)).out).toContain(`/${id}/`);
    expect((await shell.json<{ events: Entry[] }>('events', id)).events.at(-1)?.unitId).toBe(id);
    expect((await shell.json<Result>('wait', id)).id).toBe(id);
    expect(await shell.reeve('terminate', id)).toMatchObject({ code: 0, out: `${id}  terminated\n` });
  }
});

test('every illegal name is refused at once, by YAML, JSON, a Procfile and the control surface', async () => {
  const shell = openShell({ 'reeve.json': '{"units":{"a":{"kind":"job","command":"true"}}}' });
  await shell.json('up', '--detach');
  const live = (await connectControl(shell.stateDir))!;
  for (const id of ILLEGAL) {
    await expect(live.run(id, { kind: 'job', command: 'true' })).rejects.toMatchObject({
      code: 'InvalidSpec',
      message: expect.stringContaining('is not a usable id'),
    });
    const refused = { code: expect.stringMatching(/^(UnknownUnit|BadRequest)$/) };
    await expect(live.unit(id)).rejects.toMatchObject(refused);
    await expect(live.terminate(id)).rejects.toMatchObject(refused);
  }
  expect((await live.status()).units.map(({ id }) => id)).toEqual(['a']);

  const units = ILLEGAL.map((id) => `${JSON.stringify(id)}: { "command": "true" }`).join(',\n');
  for (const name of ['reeve.json', 'reeve.yaml']) {
    writeFileSync(join(shell.directory, name), `{ "units": {\n${units}\n} }`);
    const { error } = await shell.json<{ error: { message: string } }>('config', '-f', name);
    const lines = error.message.split('\n').filter((line) => line.includes('is not a usable id'));
    expect(lines.map((line) => line.split(':')[1])).toEqual(ILLEGAL.map((_, index) => String(index + 2)));
    expect(error.message).not.toContain('\u001b');
  }
  writeFileSync(join(shell.directory, 'Procfile'), '../a: true\n__proto__: true\né: true\n');
  const procfile = await shell.reeve('config', '-f', 'Procfile');
  expect(procfile).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^Procfile:1:1 .*Procfile:2:1 .*Procfile:3:1 /s),
  });
});

test('a ref that no shell quotes is a ref like any other', async () => {
  const shell = openShell({ 'reeve.yaml': 'units: { a: { kind: job, command: "true" } }' });
  await shell.json('up', '--detach');
  for (const ref of [
    '',
    ' ',
    '..',
    '../a',
    '%61',
    '__proto__',
    'constructor',
    '😀',
    '\u001b[31m',
    'x'.repeat(10_000),
  ]) {
    expect(await shell.json('status', ref)).toMatchObject({ error: { code: 'UnknownRef', hint: 'There is: a.' } });
  }
  expect(await shell.json('status', '-a')).toMatchObject({ units: [{ id: 'a' }] });
  expect((await shell.reeve('status', '--', '-a')).err).toMatch(/^There is no unit "-a"\./);
});
