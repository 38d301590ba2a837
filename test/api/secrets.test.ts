import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { secretsRegistry } from '../../src/adapters/log/secrets.ts';
import { establishOwnerToken, ownerToken } from '../../src/api/owner-token.ts';
import { withoutSecrets } from '../../src/api/secrets.ts';
import { job, type Log, type OpenOptions, openReadOnly, openReeve, type Reeve, server } from '../../src/index.ts';
import { freePort } from '../support/ports.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Something that every spelling of a secret still contains, so that a search for it finds any of them. */
const newCore = (): string => randomBytes(12).toString('hex');
const dressed = (core: string): string => `a"b\\${core} $x\n'é`;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Hands on its secrets only as hashes, at a place of its own. */
const TELL = `const { createHash } = require('node:crypto');
  const hash = (name) => createHash('sha256').update(process.env[name]).digest('hex');
  require('node:fs').writeFileSync(process.env.TOLD, JSON.stringify([hash('A'), hash('B')]));`;
/** Says its secrets in its health answer, where a probe finds them: whole, and where a quotation is cut off. */
const TALKATIVE = `require('node:http').createServer((request, answer) => {
    const words = request.url === '/long' ? '.'.repeat(60) + process.env.A : [process.env.A, process.env.B];
    answer.end(JSON.stringify({ status: words }));
  }).listen(process.env.PORT, '127.0.0.1');`;

interface Bench {
  readonly stateDir: string;
  readonly told: string;
  /** What the log was told, a line of JSON each. */
  readonly lines: string[];
  readonly cores: readonly string[];
  readonly values: readonly string[];
  readonly secrets: { readonly A: { readonly env: string }; readonly B: { readonly file: string } };
  open(options?: OpenOptions): Promise<Reeve>;
}

function bench(): Bench {
  const stateDir = join(temporaryDirectory(), 'state');
  const elsewhere = temporaryDirectory();
  const cores = [newCore(), newCore()];
  const values = cores.map(dressed);
  const [variable = '', content = ''] = values;
  const file = join(elsewhere, 'password');
  writeFileSync(file, `${content}\n`, { mode: 0o600 });
  const lines: string[] = [];
  return {
    stateDir,
    told: join(elsewhere, 'told'),
    lines,
    cores,
    values,
    secrets: { A: { env: 'PLANTED' }, B: { file } },
    async open(options = {}) {
      const env = { ...process.env, PLANTED: variable };
      const reeve = await openReeve({ stateDir, logger: loggerInto(lines), env, ...options });
      onTestFinished(() => reeve.close());
      return reeve;
    },
  };
}

function loggerInto(lines: string[]): Log {
  const write = (fields: object, message: string) => void lines.push(JSON.stringify({ fields, message }));
  return { debug: write, info: write, warn: write, error: write };
}

/** Where one of the texts is found: in a file of the state directory, a command line, the log, or what the API says. */
async function leaks({ stateDir, lines }: Bench, reeve: Reeve, needles: readonly string[]): Promise<readonly string[]> {
  const files = readdirSync(stateDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('secrets') && lstatSync(join(stateDir, name)).isFile())
    .map((name) => [name, readFileSync(join(stateDir, name), 'latin1')] as const);
  expect(files.map(([name]) => name)).toEqual(expect.arrayContaining(['reeve.db', 'reeve.db-wal']));
  const entries = [];
  for await (const entry of reeve.journal()) entries.push(entry);
  const readOnly = openReadOnly(stateDir);
  const said = [
    ['ps', execFileSync('ps', ['-eww', '-o', 'args'], { encoding: 'utf8' })],
    ['log', lines.join('\n')],
    ['journal', JSON.stringify(entries)],
    ['status', JSON.stringify([reeve.status(), readOnly.status()])],
    ['results', JSON.stringify(await Promise.all(reeve.units().map((unit) => unit.result())))],
    ['history', JSON.stringify(reeve.units().map((unit) => unit.history()))],
  ] as const;
  readOnly.close();
  return [...files, ...said]
    .filter(([, text]) => needles.some((needle) => text.includes(needle)))
    .map(([name]) => name);
}

const talkative = ({ secrets }: Bench, port: number, path: string) =>
  server({
    id: `talk${path}`.replace('/', '-'),
    command: [process.execPath, '-e', TALKATIVE],
    env: { secrets },
    port,
    ready: { tcp: port, every: '50ms' },
    alive: { http: `http://127.0.0.1:${port}${path}`, json: { status: 'up' }, every: '50ms', failures: 1_000 },
  });

/** What its probe first finds fault with in an answer. */
async function quoted(reeve: Reeve, unit: string, after = 0): Promise<string> {
  const signal = AbortSignal.timeout(10_000);
  for await (const { event } of reeve.journal({ unit, after, follow: true, signal })) {
    if (event.type === 'probe.failed' && event.probe === 'alive') return event.detail;
  }
  throw new Error(`no probe of ${unit} failed in time: ${JSON.stringify(reeve.status())}`);
}

test('a command has its secrets, and they are nowhere else, however it ends', async () => {
  const place = bench();
  const { secrets, told, values, cores } = place;
  const reeve = await place.open();
  const env = { set: { TOLD: told }, secrets };
  expect(await reeve.run(job({ id: 'tells', command: [process.execPath, '-e', TELL], env }))).toMatchObject({
    code: 0,
  });
  expect(JSON.parse(readFileSync(told, 'utf8'))).toEqual(values.map(hashOf));
  expect(await reeve.run(job({ id: 'dies', command: 'kill -KILL $$', env }))).toMatchObject({ signal: 'SIGKILL' });
  expect(await reeve.run(job({ id: 'fails', command: 'exit 9', env }))).toMatchObject({ code: 9 });
  reeve.add(server({ id: 'lives', command: 'exec sleep 1000', env }));
  await reeve.unit('lives').start();
  expect(await leaks(place, reeve, cores)).toEqual([]);
});

test('a launch that fails names a secret and where it should come from, and tells none', async () => {
  const place = bench();
  const reeve = await place.open();
  const env = { secrets: { ...place.secrets, C: { env: 'NOT_THERE' } } };
  const why = async (id: string, command: string | readonly string[], secrets: object) => {
    await reeve.run(job({ id, command, env: { secrets: { ...place.secrets, ...secrets } } }));
    return reeve.unit(id).status().why;
  };
  expect(await why('missing', 'true', env.secrets)).toContain(
    'Cannot take the secret C from the variable NOT_THERE: it is not set.',
  );
  // The hint quotes PATH.
  expect(await why('path', ['no-such-command'], { PATH: { env: 'PLANTED' } })).toContain('no-such-command');
  expect(await leaks(place, reeve, place.cores)).toEqual([]);
});

test('a probe that finds secrets in an answer does not quote them, nor the first half of one', async () => {
  const place = bench();
  const [first, second] = [await freePort(), await freePort()];
  const reeve = await place.open({ units: [talkative(place, first, '/'), talkative(place, second, '/long')] });
  expect(await quoted(reeve, 'talk-')).toBe('"status" is ["[redacted]","[redacted]"], wanted "up"');
  expect(await quoted(reeve, 'talk-long')).toMatch(/^"status" is "\.{60}\[redacted\]"?…?, wanted "up"$/);
  expect(reeve.unit('talk-').status().why).toContain('[redacted]');
  const starts = place.cores.flatMap((core) => [core, core.slice(0, 8)]);
  expect(await leaks(place, reeve, starts)).toEqual([]);
});

test('secrets of a run that is adopted are hidden too, also when their sources are gone by then', async () => {
  const place = bench();
  const units = [talkative(place, await freePort(), '/')];
  const first = await place.open({ units });
  await first.unit('talk-').reached('ready', { within: '10s' });
  const pid = first.unit('talk-').status().run?.pid;
  let before = 0;
  first.observe(({ seq }) => {
    before = seq;
  });
  await quoted(first, 'talk-');
  await first.close({ leave: true });
  rmSync(place.secrets.B.file);
  const second = await place.open({ units, env: { PATH: process.env.PATH } });
  expect(await quoted(second, 'talk-', before)).toContain('["[redacted]","[redacted]"]');
  expect(second.unit('talk-').status().run).toMatchObject({ pid, adopted: true });
  expect(await leaks(place, second, place.cores)).toEqual([]);
});

test('whatever logger the host has, it is told no secret', () => {
  const lines: string[] = [];
  const secrets = secretsRegistry();
  secrets.add('hunter2');
  const log = withoutSecrets(loggerInto(lines), secrets);
  const cause = new Error('login as hunter2', { cause: new Error('hunter2') });
  log.warn({ unit: 'api', cause, deep: [{ line: 'x hunter2 y' }] }, 'hunter2 was refused');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      fields: { unit: 'api', cause: { message: 'login as [redacted]' }, deep: [{ line: 'x [redacted] y' }] },
      message: '[redacted] was refused',
    },
  ]);
  expect(lines.join()).not.toContain('hunter2');
});

test('the logger that a host gives is told no secret of a unit', async () => {
  const place = bench();
  const reeve = await place.open();
  await reeve.run(job({ id: 'one', command: 'true', env: { secrets: place.secrets } }));
  // Everything that is no request is quoted in a warning.
  reeve.unit('one').actor.send({ type: place.values[1] });
  expect(place.lines.join()).toContain('[redacted]');
  expect(await leaks(place, reeve, place.cores)).toEqual([]);
});

test.each([
  ['000', 0],
  ['022', 0o22],
  ['077', 0o77],
])('under umask %s everything in the state directory is for its owner alone', async (_, umask) => {
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
  const place = bench();
  const { stateDir } = place;
  const reeve = await place.open();
  await reeve.run(job({ id: 'one', command: 'true', env: { secrets: place.secrets } }));
  const names = ['', ...readdirSync(stateDir, { recursive: true, encoding: 'utf8' })];
  const wrong = names.flatMap((name) => {
    const stat = lstatSync(join(stateDir, name));
    const right = stat.isDirectory() || name.startsWith('bin/') ? '700' : '600';
    const mode = (stat.mode & 0o777).toString(8);
    return mode === right ? [] : [`${name} is ${mode}`];
  });
  expect(names).toEqual(expect.arrayContaining(['reeve.db', 'secrets/owner-token']));
  expect(wrong).toEqual([]);
});

test('an installation keeps one secret of its own from its first opening on, and writes it nowhere else', async () => {
  const place = bench();
  const { stateDir } = place;
  expect(ownerToken(stateDir)).toBe(null);
  const first = await place.open();
  const token = ownerToken(stateDir) ?? '';
  expect(Buffer.from(token, 'base64url').length).toBe(32);
  await first.run(job({ id: 'one', command: 'env' }));
  expect(await leaks(place, first, [token])).toEqual([]);
  await first.close();
  await place.open();
  expect([ownerToken(stateDir), readdirSync(join(stateDir, 'secrets'))]).toEqual([token, ['owner-token']]);
});

test('a secret that was cut off is made anew, and modes are right whatever took them away', () => {
  const stateDir = temporaryDirectory();
  const path = join(stateDir, 'secrets', 'owner-token');
  const modes = () => [dirname(path), path].map((at) => (lstatSync(at).mode & 0o777).toString(8));
  const before = process.umask(0o777);
  onTestFinished(() => void process.umask(before));
  const token = establishOwnerToken(stateDir);
  expect(modes()).toEqual(['700', '600']);
  chmodSync(dirname(path), 0o755);
  chmodSync(path, 0o644);
  expect([establishOwnerToken(stateDir), ...modes()]).toEqual([token, '700', '600']);
  writeFileSync(path, token.slice(0, 20));
  expect(ownerToken(stateDir)).toBe(null);
  const made = establishOwnerToken(stateDir);
  expect([made === token, ownerToken(stateDir)]).toEqual([false, made]);
});
