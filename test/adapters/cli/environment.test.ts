import { afterEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { closeShells, openShell } from './shell.ts';

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

test('an environment of 2,000 lines reaches the command whole, and so does one value of 2,000 lines', async () => {
  const lines = Array.from({ length: 2_000 }, (_, index) => `line ${index}: "$HOME" 'é' \\ 😀`);
  const set = Object.fromEntries(lines.map((line, index) => [`LINE_${index}`, line]));
  const program = `
    const { env } = process;
    const lines = Array.from({ length: 2000 }, (_, index) => env['LINE_' + index]);
    process.stdout.write(JSON.stringify({ lines, all: env.ALL.split('\\n') }));
  `;
  const command = [process.execPath, '-e', program];
  const unit = { kind: 'job', command, env: { set: { ...set, ALL: lines.join('\n') } } };
  const shell = openShell({ 'reeve.yaml': stringify({ units: { env: unit } }) });
  await shell.json('up', '--detach');
  expect(await shell.json('wait', 'env')).toMatchObject({ outcome: 'finished' });
  expect(JSON.parse((await shell.reeve('logs', 'env')).out)).toEqual({ lines, all: lines });
});

test('a value that the system cannot hand on is told as one', async () => {
  const unit = { kind: 'job', command: 'true', env: { set: { BIG: 'x'.repeat(200_000) } } };
  const shell = openShell({ 'reeve.json': JSON.stringify({ units: { big: unit } }) });
  await shell.json('up', '--detach');
  expect(await shell.json('wait', 'big')).toMatchObject({ outcome: 'launch-failed' });
  expect((await shell.unit('big')).why).toMatch(/^Cannot .*too (long|large|big)/i);
});
