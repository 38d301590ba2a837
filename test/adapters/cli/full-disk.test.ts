import { afterEach, expect, test, vi } from 'vitest';
import type { ProjectStatus, Result } from '../../../src/index.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { closeShells, openShell } from './shell.ts';

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

afterEach(closeShells);

test('on a full disk status says what to do about it, a stop works, and a start is refused', async (context) => {
  const disk = smallDisk(context);
  const shell = openShell({ 'reeve.yaml': 'units: { web: { command: "exec sleep 600" } }' });
  const where = ['--state-dir', `${disk.path}/state`];
  await shell.json<ProjectStatus>('up', '--detach', ...where);
  await shell.json('wait', 'web', '--for', 'running', ...where);

  const watching = shell.start('status', '--watch', ...where);
  await watching.printed('running');
  disk.fill();
  expect(await shell.reeve('stop', 'web', ...where)).toMatchObject({ code: 0, out: 'web  stopped\n' });
  const { err, code } = await shell.reeve('status', ...where);
  expect([code, err.replace(/\s+/g, ' ')]).toEqual([
    0,
    expect.stringMatching(/, degraded: Cannot write to the store .*: no space is left .* Free some space on it/),
  ]);
  // No entry tells of it, for none can be written.
  await watching.printed('degraded:');
  const refused = await shell.reeve('start', 'web', ...where);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('no space is left on the disk')]);
  expect(await shell.json<Result>('result', 'web', ...where)).toMatchObject({ outcome: 'stopped', signal: 'SIGTERM' });

  disk.free();
  // It is asked for now, so it is found out now.
  await expect.poll(async () => (await shell.reeve('start', 'web', ...where)).code, { timeout: 20_000 }).toBe(0);
  expect((await shell.json<ProjectStatus>('status', ...where)).degraded).toBeNull();
  watching.child.kill('SIGINT');
  await watching.said;
  expect(await shell.reeve('down', ...where)).toMatchObject({ code: 0 });
});
