import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { ProjectStatus } from '../../../src/index.ts';
import { closeShells, openShell } from './shell.ts';

const PROJECT = `
units:
  web: { command: [sleep, "600"] }
  old: { command: [sleep, "600"] }
  older: { command: [sleep, "600"] }
`;
const EDITED = 'units: { web: { command: [sleep, "600"] } }';
const LEFT_OVER =
  '! old, older are not in the project file any more, and kept: `reeve terminate old older` forgets them.\n';

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

test('`up` names the units that the edited file has dropped, and none that `run` has added', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  expect((await shell.reeve('up', '--detach')).err).not.toContain('any more');
  await shell.reeve('run', '--', 'true');
  await shell.reeve('down');
  writeFileSync(join(shell.directory, 'reeve.yaml'), EDITED);

  expect((await shell.reeve('up', '--detach')).err).toContain(LEFT_OVER);
  expect((await shell.unit('old')).outcome).toBe('stopped');
  await shell.reeve('down');
  const up = shell.start('up');
  await up.printed('web  running');
  expect(await shell.reeve('terminate', 'old', 'older')).toMatchObject({ code: 0 });
  await shell.reeve('down');
  expect((await up.said).err).toContain(LEFT_OVER);
  expect((await shell.reeve('up', '--detach')).err).not.toContain('any more');
});

test('`up --json` prints one document when it serves, and all that follows beside it', async () => {
  const shell = openShell({ 'reeve.yaml': EDITED });
  const up = shell.start('up', '--json');
  await up.printed('web  running  pid ');
  await shell.reeve('down');
  const { code, out, err } = await up.said;
  const { orchestrator, units }: ProjectStatus = JSON.parse(out);
  expect({ code, orchestrator, ids: units.map(({ id }) => id), err }).toEqual({
    code: 0,
    orchestrator: { pid: up.child.pid, sinceMs: expect.any(Number) },
    ids: ['web'],
    err: expect.stringMatching(/web {2}stopped\n$/),
  });
});

test('`up --once --json` prints its steps as one document', async () => {
  const shell = openShell({ 'reeve.yaml': 'units: { hello: { kind: job, command: "echo hello" } }' });
  expect(await shell.json('up', '--once')).toEqual({
    steps: ['✓ hello has finished: it said "hello"', '✓ everything is stopped: 0 of 1 processes are left'],
  });
});
