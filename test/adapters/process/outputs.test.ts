import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { OutputQuery } from '../../../src/actors/ports.ts';
import { identify } from '../../../src/adapters/system/identity.ts';
import { again, closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

/** An output that lies there, whoever wrote it. */
async function printed(bytes: string | Buffer) {
  const rig = await openRig();
  const call = rig.call({});
  mkdirSync(rig.path(call, ''), { recursive: true });
  writeFileSync(rig.path(call, 'claim'), '');
  writeFileSync(rig.path(call, 'out'), bytes);
  return { rig, call, read: (query: OutputQuery) => rig.driver.outputs.read(call.run.runId, query) };
}

const TEN = Array.from({ length: 10 }, (_, index) => `line ${index + 1}\n`).join('');

test.each<[string, string, OutputQuery, string, boolean]>([
  ['all of it', TEN, { mode: 'full' }, TEN, false],
  ['the last bytes', TEN, { mode: 'full', maxBytes: 8 }, 'line 10\n', true],
  ['exactly as many bytes as there are', 'abc', { mode: 'full', maxBytes: 3 }, 'abc', false],
  ['no bytes', 'abc', { mode: 'full', maxBytes: 0 }, '', true],
  ['the first lines', TEN, { mode: 'head', lines: 2 }, 'line 1\nline 2\n', false],
  ['more first lines than there are', 'a\nb\n', { mode: 'head', lines: 5 }, 'a\nb\n', false],
  ['the first lines of the last bytes', TEN, { mode: 'head', lines: 1, maxBytes: 15 }, 'line 9\n', true],
  ['the last lines', TEN, { mode: 'tail', lines: 2 }, 'line 9\nline 10\n', false],
  ['the last lines without a final newline', 'a\nb\nc', { mode: 'tail', lines: 2 }, 'b\nc', false],
  ['more last lines than there are', 'a\nb\n', { mode: 'tail', lines: 5 }, 'a\nb\n', false],
  ['no last lines', 'a\nb\n', { mode: 'tail', lines: 0 }, '', false],
  ['the last lines of the last bytes', TEN, { mode: 'tail', lines: 5, maxBytes: 8 }, 'line 10\n', true],
  ['last lines that fit into the last bytes', TEN, { mode: 'tail', lines: 1, maxBytes: 20 }, 'line 10\n', false],
  ['empty lines, which are lines', '\n\n\n', { mode: 'tail', lines: 2 }, '\n\n', false],
  ['lines that match', TEN, { mode: 'grep', pattern: '[12]$' }, 'line 1\nline 2\n', false],
  ['lines with a carriage return', 'a\r\nb\r\n', { mode: 'grep', pattern: 'a$' }, 'a\n', false],
  ['no match in the emptiness after the last newline', 'a\n', { mode: 'grep', pattern: '^$' }, '', false],
  ['the last lines that match', TEN, { mode: 'grep', pattern: 'line', lines: 1 }, 'line 10\n', false],
  ['the last empty lines that match', '\n\n\n', { mode: 'grep', pattern: '^$', lines: 2 }, '\n\n', false],
  ['no more matches than there are', '\n', { mode: 'grep', pattern: '^$', lines: 5 }, '\n', false],
  ['matches in the last bytes', TEN, { mode: 'grep', pattern: 'line', maxBytes: 8 }, 'line 10\n', true],
])('reads %s', async (_, content, query, text, truncated) => {
  const { read } = await printed(content);
  expect(await read(query)).toEqual({ text, truncated, sizeBytes: content.length });
});

test('a cut never begins inside a character, and half a character at the end is not text yet', async () => {
  const { read } = await printed(Buffer.concat([Buffer.from('aé€😀'), Buffer.from('€').subarray(0, 2)]));
  const texts = await Promise.all(
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((maxBytes) => read({ mode: 'full', maxBytes })),
  );
  expect(texts.map(({ text }) => text)).toEqual(['', '', '', '', '😀', '😀', '😀', '€😀', '€😀', 'é€😀', 'aé€😀']);
});

test('tail finds its lines over many chunks', async () => {
  const long = 'x'.repeat(200_000);
  const { read } = await printed(`first\n${long}\nlast\n`);
  expect((await read({ mode: 'tail', lines: 2 })).text).toBe(`${long}\nlast\n`);
});

test('an answer is bounded, whatever was printed', async () => {
  const { read } = await printed(Buffer.alloc(20 * 1024 * 1024, 'y\n'));
  const sizes: unknown[] = [];
  for (const query of [{ mode: 'full' }, { mode: 'head', lines: 1e9 }, { mode: 'grep', pattern: 'y' }] as const) {
    const { text, truncated } = await read(query);
    sizes.push([text.length, truncated]);
  }
  expect(sizes).toEqual([
    [16 * 1024 * 1024, true],
    [16 * 1024 * 1024, true],
    [16 * 1024 * 1024, true],
  ]);
});

test.each([['('], ['[z-a]'], ['']])('the pattern %j is refused with words, not with a stack', async (pattern) => {
  const { read } = await printed('a\n');
  await expect(read({ mode: 'grep', pattern })).rejects.toMatchObject({
    code: 'BadPattern',
    message: expect.stringMatching(/^Cannot search for /),
    hint: expect.any(String),
  });
});

async function collect(texts: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const text of texts) all += text;
  return all;
}

test('following a run yields all it prints and ends with it', async () => {
  const rig = await openRig();
  const call = rig.call({ command: 'for i in 1 2 3; do echo $i; sleep 0.05; done; printf end' });
  const followed = collect(rig.driver.outputs.follow(call.run.runId, { fromByte: 0 }));
  await rig.driver.launch(call);
  expect(await followed).toBe('1\n2\n3\nend');
});

test('following begins where it is told, or with what comes after the call', async () => {
  const rig = await openRig();
  const { call } = await rig.launch({ command: 'echo before; while [ ! -e go ]; do sleep 0.02; done; echo after' });
  await expect.poll(() => rig.driver.outputs.read(call.run.runId, { mode: 'full' })).toMatchObject({ sizeBytes: 7 });
  const from = (fromByte?: number) =>
    collect(rig.driver.outputs.follow(call.run.runId, fromByte === undefined ? {} : { fromByte }));
  const followed = Promise.all([from(), from(0), from(3)]);
  writeFileSync(`${rig.stateDir}/go`, '');
  expect(await followed).toEqual(['after\n', 'before\nafter\n', 'ore\nafter\n']);
});

test('following a run that has ended yields what is there and ends', async () => {
  const rig = await openRig();
  const { call } = await rig.run({ command: 'echo over' });
  expect(await collect(rig.driver.outputs.follow(call.run.runId, { fromByte: 0 }))).toBe('over\n');
});

test('a run that another driver launched can be followed to its end', async () => {
  const rig = await openRig();
  const { call } = await rig.launch({ command: 'while [ ! -e go ]; do sleep 0.02; done; echo late' });
  const reader = await rig.reopen();
  const followed = collect(reader.driver.outputs.follow(call.run.runId, { fromByte: 0 }));
  writeFileSync(`${rig.stateDir}/go`, '');
  expect(await followed).toBe('late\n');
});

test('following a run that is killed ends', async () => {
  const rig = await openRig();
  const { call } = await rig.launch({ command: 'echo up; sleep 1000' });
  const followed = collect(rig.driver.outputs.follow(call.run.runId, { fromByte: 0 }));
  await rig.driver.endRun(again(call), 'kill');
  expect(['', 'up\n']).toContain(await followed);
});

test('a reader who no longer wants to know stops at once, without an error', async () => {
  const rig = await openRig();
  const { call } = await rig.launch({ command: ['sleep', '1000'] });
  const abort = new AbortController();
  const followed = collect(rig.driver.outputs.follow(call.run.runId, { signal: abort.signal }));
  abort.abort();
  expect(await followed).toBe('');
});

test('a character that is printed in two halves arrives whole', async () => {
  const { rig, call } = await printed('');
  const euro = Buffer.from('€');
  // A run that lives as long as this test: its record names this process as the command.
  const { bootId, pidNamespace, pid, startTicks } = identify(process.pid)!;
  const record = `run 1 ${bootId} ${pidNamespace}\nchild ${pid} ${startTicks}\n`;
  writeFileSync(rig.path(call, 'record'), record);
  const texts = rig.driver.outputs.follow(call.run.runId, { fromByte: 0 })[Symbol.asyncIterator]();
  const first = texts.next();
  appendFileSync(rig.path(call, 'out'), euro.subarray(0, 1));
  appendFileSync(rig.path(call, 'out'), euro.subarray(1));
  expect((await first).value).toBe('€');
  writeFileSync(rig.path(call, 'record'), `${record}exit 0 1.00\n`);
  expect(await texts.next()).toEqual({ value: undefined, done: true });
});
