/** Histories as a user asks for them: whole processes, a live orchestrator, files that are not what they should be. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { story } from '../../../support/story.ts';
import { historyIn, linesOf, traceFile } from '../../../support/traces.ts';
import { closeShells, MAIN, openShell, type Shell } from '../shell.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

afterEach(closeShells);

const STACK = /\n\s+at .*:\d+:\d+/;

/** A project whose orchestrator is at work, and that has run a job. */
async function live(): Promise<Shell> {
  const shell = openShell();
  await shell.reeve('run', '--background', '--', 'sh', '-c', 'echo working; exit 3');
  return shell;
}

test('a state directory is replayed while its orchestrator is at work, and after it, and exported', async () => {
  const shell = await live();
  const { id } = (await shell.status()).units[0]!;
  await shell.reeve('wait', id);
  const during = await shell.json<{ ok: boolean; entries: number }>('replay');
  expect([during.ok, during.entries > 4]).toEqual([true, true]);
  const { entry } = await shell.json<{ entry: { seq: number } }>('replay', id, '--at', '999');
  const why = await shell.reeve('replay', id, '--why', String(entry.seq));
  expect([why.code, why.out]).toEqual([0, expect.stringContaining('ended with code 3')]);
  await shell.reeve('down');
  const after = await shell.json<{ ok: boolean; entries: number }>('replay');
  expect([after.ok, after.entries > during.entries]).toEqual([true, true]);
  expect((await shell.reeve('trace', 'export', '-o', 'all.jsonl.gz')).code).toBe(0);
  const packed = await shell.json<{ printed: { text: string } }>('replay', 'all.jsonl.gz', '--unit', id, '--at', '999');
  expect(packed.printed.text).toBe('working\n');

  const lines = gunzipSync(readFileSync(join(shell.directory, 'all.jsonl.gz')))
    .toString()
    .trimEnd()
    .split('\n');
  const header = JSON.parse(lines[0]!) as object;
  const files: readonly (readonly [string, string, RegExp])[] = [
    ['tampered.jsonl', lines.join('\n').replace('"code":3', '"code":0'), /^The trace .* is damaged: .*hash is another/],
    ['truncated.jsonl', lines.slice(0, -2).join('\n'), /^The trace .* is damaged: it has no last line: it was cut off/],
    ['foreign.jsonl', '{"hello":"world"}\n', /^\S+ is no trace: /],
    [
      'newer.jsonl',
      [JSON.stringify({ ...header, format: 99 }), ...lines.slice(1)].join('\n'),
      /^Cannot read the trace/,
    ],
    ['half.jsonl.gz', 'not packed at all', /^\S+ is no trace: /],
  ];
  for (const [name, text, words] of files) {
    writeFileSync(join(shell.directory, name), `${text}\n`);
    const { code, out, err } = await shell.reeve('replay', name);
    expect({ name, code, out, err }).toEqual({ name, code: 1, out: '', err: expect.stringMatching(words) });
    expect(err).not.toMatch(STACK);
  }
  expect((await shell.reeve('replay', 'nowhere.jsonl')).code).toBe(1);
});

test.each(['trace.jsonl', 'trace.jsonl.gz'])('%s may come through a pipe', async (name) => {
  const history = historyIn(await story({ rounds: 4 }));
  const input = readFileSync(traceFile(linesOf(history), name));
  const found = spawnSync(process.execPath, [MAIN, 'replay', '-', '--json'], { input, encoding: 'utf8' });
  expect(JSON.parse(found.stdout)).toMatchObject({ ok: true, entries: history.entryCount });
  expect(spawnSync(process.execPath, [MAIN, 'replay', '-'], { input: 'hello', encoding: 'utf8' })).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^\S+ is no trace: it does not begin with/),
  });
});

test('where nothing ever ran, there is nothing to replay, and that is 3', async () => {
  expect(await openShell().reeve('replay')).toMatchObject({
    code: 3,
    out: '',
    err: expect.stringContaining('No reeve'),
  });
});
