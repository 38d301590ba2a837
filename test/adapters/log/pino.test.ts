import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { LogFields } from '../../../src/actors/ports.ts';
import { pinoLog } from '../../../src/adapters/log/pino.ts';
import { secretsRegistry } from '../../../src/adapters/log/secrets.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function temporaryPath(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'reeve-log-'));
  directories.push(directory);
  return join(directory, name);
}

function memoryLog(secrets = secretsRegistry()) {
  const lines: string[] = [];
  const log = pinoLog({ level: 'info', destination: { write: (line) => void lines.push(line) }, secrets });
  const line = (fields: LogFields, message = 'x') => {
    lines.length = 0;
    log.info(fields, message);
    const { level: _, time: __, unit, state, generation, pid, seq, msg, ...rest } = JSON.parse(lines[0] ?? 'null');
    return rest;
  };
  return { log, lines, line, secrets };
}

test('every line begins with the same fields in the same order, known or not', () => {
  const { log, lines } = memoryLog();
  log.info({ extra: 1, seq: 7, pid: 4250, generation: 3, state: 'running', unit: 'api' }, 'adopted');
  log.warn({}, 'no unit is meant');
  expect(lines.map((line) => line.replace(/"time":"[^"]+",/, ''))).toEqual([
    '{"level":"info","unit":"api","state":"running","generation":3,"pid":4250,"seq":7,"extra":1,"msg":"adopted"}\n',
    '{"level":"warn","unit":null,"state":null,"generation":null,"pid":null,"seq":null,"msg":"no unit is meant"}\n',
  ]);
});

test('a line below the level is not written, and a message is never a format', () => {
  const { log, lines } = memoryLog();
  log.debug({}, 'chatter');
  log.error({}, '100%% of %s and %d');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['100%% of %s and %d']);
});

test('what is secret by its name is hidden at any depth', () => {
  const { line } = memoryLog();
  expect(
    line({
      password: 'a',
      PASS: 'b',
      ownerToken: 'c',
      headers: { Authorization: 'd', 'Set-Cookie': ['e'], 'x-api-key': 'f', host: 'h' },
      list: [{ client: { client_secret: { nested: 'g' } } }],
      hasToken: true,
      token: null,
    }),
  ).toEqual({
    password: '[redacted]',
    PASS: '[redacted]',
    ownerToken: '[redacted]',
    headers: { Authorization: '[redacted]', 'Set-Cookie': '[redacted]', 'x-api-key': '[redacted]', host: 'h' },
    list: [{ client: { client_secret: '[redacted]' } }],
    hasToken: true,
    token: null,
  });
});

test('a registered secret is hidden by its value, wherever and however it is written', () => {
  const { log, lines, secrets } = memoryLog();
  secrets.add('p@ss "word"');
  secrets.add('12345678');
  log.info(
    {
      unit: 'p@ss "word"',
      url: 'http://x/?k=p%40ss%20%22word%22',
      json: JSON.stringify({ inner: 'p@ss "word"' }),
      'about p@ss "word"': 12_345_678,
      list: ['see 12345678!'],
      cause: new Error('login with p@ss "word" failed', { cause: new Error('12345678') }),
    },
    'p@ss "word" and 12345678',
  );
  expect(lines[0]).not.toMatch(/p@ss|p%40ss|12345678/);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    unit: '[redacted]',
    url: 'http://x/?k=[redacted]',
    json: '{"inner":"[redacted]"}',
    'about [redacted]': '[redacted]',
    list: ['see [redacted]!'],
    cause: { name: 'Error', message: 'login with [redacted] failed', cause: { message: '[redacted]' } },
    msg: '[redacted] and [redacted]',
  });
});

test('a secret learned later is hidden from then on', () => {
  const { line, secrets } = memoryLog();
  expect(line({ detail: 'hunter2' })).toEqual({ detail: 'hunter2' });
  secrets.add('hunter2');
  expect(line({ detail: 'hunter2' })).toEqual({ detail: '[redacted]' });
});

test('no field can make the log throw', () => {
  const { line } = memoryLog();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const strange = {
    big: 10n,
    call: () => 1,
    bytes: Buffer.alloc(3),
    get broken() {
      throw new Error('no');
    },
    toJSON() {
      throw new Error('neither');
    },
  };
  const deep = (levels: number): unknown => (levels === 0 ? '[deeper]' : { self: deep(levels - 1) });
  expect(line({ ...{ strange }, circle })).toEqual({
    strange: { big: '10', bytes: '[3 bytes]', broken: '[unreadable]' },
    circle: deep(7),
  });
  expect(line(strange)).toEqual({ big: '10', bytes: '[3 bytes]', broken: '[unreadable]' });
});

test('a file is for its owner only, also when it was there before, and is appended to', () => {
  const path = temporaryPath('reeve.log');
  const before = process.umask(0);
  try {
    const first = pinoLog({ level: 'info', destination: path });
    first.info({}, 'first');
    first.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o644);
  const second = pinoLog({ level: 'info', destination: path });
  second.info({}, 'second');
  second.close();
  second.info({}, 'after the end');

  const messages = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg);
  expect({ messages, mode: statSync(path).mode & 0o777 }).toEqual({ messages: ['first', 'second'], mode: 0o600 });
});

test('a line is in the file when the call returns', () => {
  const path = temporaryPath('reeve.log');
  writeFileSync(path, '');
  const log = pinoLog({ level: 'info', destination: path });
  log.info({}, 'written');
  expect(readFileSync(path, 'utf8')).toContain('"msg":"written"');
  log.close();
});

test.runIf(process.platform === 'linux')('a full disk loses the line and nothing else', () => {
  const log = pinoLog({ level: 'info', destination: '/dev/full' });
  for (let line = 0; line < 3; line++) log.info({}, 'lost');
  log.close();
});
