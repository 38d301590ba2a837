import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type ControlClient, connectControl } from '../../../src/adapters/http/client.ts';
import { type ControlServer, serveControl } from '../../../src/adapters/http/serve.ts';
import { job, openReeve, type Reeve, server } from '../../../src/index.ts';

const made: string[] = [];
const open: { reeve: Reeve; control: ControlServer }[] = [];

afterEach(async () => {
  for (const { reeve, control } of open.splice(0)) {
    await control.close();
    await reeve.close();
  }
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const web = server({ id: 'web', command: 'echo ready; exec sleep 600' });

test('the socket is ours alone from its beginning, and the umask is what it was', async () => {
  const before = process.umask();
  const { stateDir, control } = await serve();
  expect({ path: control.socketPath, mode: statSync(control.socketPath).mode & 0o777, umask: process.umask() }).toEqual(
    {
      path: join(stateDir, 'control.sock'),
      mode: 0o600,
      umask: before,
    },
  );
  await control.close();
  expect(existsSync(control.socketPath)).toBe(false);
});

test('where nobody listens nobody serves, also behind a socket that a dead orchestrator left', async () => {
  const stateDir = directory();
  expect(await connectControl(stateDir)).toBeNull();
  writeFileSync(join(stateDir, 'lock.db'), '');
  await leaveSocket(join(stateDir, 'control.sock'));
  expect(await connectControl(stateDir)).toBeNull();
  const { client } = await serve(stateDir);
  expect((await client.status()).orchestrator?.pid).toBe(process.pid);
});

test('what is no socket is not removed', async () => {
  const stateDir = directory();
  writeFileSync(join(stateDir, 'lock.db'), '');
  writeFileSync(join(stateDir, 'control.sock'), 'precious');
  await expect(serve(stateDir)).rejects.toMatchObject({ code: 'ControlUnavailable' });
  expect(readFileSync(join(stateDir, 'control.sock'), 'utf8')).toBe('precious');
});

test.each([
  ['the runtime directory, if it is ours alone', 0o700, true],
  ['a new directory, where others may write to the runtime directory', 0o777, false],
])('a path that is too long for a socket moves to %s', async (_, mode, isThere) => {
  const runtimeDir = directory();
  chmodSync(runtimeDir, mode);
  const stateDir = join(directory(), 'x'.repeat(110));
  const { control, client } = await serve(stateDir, { XDG_RUNTIME_DIR: runtimeDir });
  const { socketPath } = control;
  expect({
    isThere: dirname(socketPath) === runtimeDir,
    directoryMode: statSync(dirname(socketPath)).mode & 0o777,
    recorded: readFileSync(join(stateDir, 'control.path'), 'utf8'),
    recordMode: statSync(join(stateDir, 'control.path')).mode & 0o777,
    project: (await client.status()).stateDir,
  }).toEqual({ isThere, directoryMode: 0o700, recorded: socketPath, recordMode: 0o600, project: stateDir });
  await control.close();
  expect([socketPath, join(stateDir, 'control.path')].filter((path) => existsSync(path))).toEqual([]);
});

test('every refusal is a document with code, message and hint, under a fitting status', async () => {
  const { control } = await serve();
  const long = { id: 'x', unit: { kind: 'job', command: 'x'.repeat(1_100_000) } };
  const answers = await Promise.all([
    ask(control, 'GET', '/v1/units/no%20such'),
    ask(control, 'POST', '/v1/units/nope/stop'),
    ask(control, 'GET', '/v2/status'),
    ask(control, 'DELETE', '/v1/status'),
    ask(control, 'GET', '/v1/units/%'),
    ask(control, 'GET', '/v1/units/web/output?lines=many'),
    ask(control, 'POST', '/v1/run', { id: 'x', unit: { kind: 'job', comand: 'true' } }),
    ask(control, 'POST', '/v1/run', { id: 'web', unit: { command: 'true' } }),
    ask(control, 'POST', '/v1/run', long),
  ]);
  expect(answers.map(({ status, json }) => [status, codeIn(json)])).toEqual([
    [404, 'UnknownUnit'],
    [404, 'UnknownUnit'],
    [404, 'BadRequest'],
    [405, 'BadRequest'],
    [400, 'BadRequest'],
    [400, 'BadRequest'],
    [422, 'InvalidSpec'],
    [409, 'UnitUp'],
    [413, 'BadRequest'],
  ]);
});

test('a stop goes on when whoever asked for it has gone', async () => {
  const { reeve, control } = await serve();
  const asking = request({ socketPath: control.socketPath, method: 'POST', path: '/v1/units/web/stop' });
  asking.on('error', () => {});
  const stopping = reeve.unit('web').reached('stopping', { within: '10s' });
  asking.end();
  await stopping;
  asking.destroy();
  expect(await reeve.unit('web').reached('reaped', { within: '10s' })).toMatchObject({ outcome: 'stopped' });
});

test('a wait tells whether it was there in time', async () => {
  const { client } = await serve();
  expect(await client.wait('web', { maxWaitMs: 30 })).toMatchObject({ reached: false, result: { outcome: null } });
  await client.run('quick', { kind: 'job', command: 'exit 5' });
  expect(await client.wait('quick', {})).toMatchObject({ reached: true, result: { outcome: 'failed', code: 5 } });
});

test('a run answers with all that it prints, to its end', async () => {
  const { client } = await serve();
  let text = '';
  const unit = { kind: 'job', command: 'seq 3000' };
  for await (const chunk of await client.runAndFollow('count', unit, AbortSignal.timeout(10_000))) text += chunk;
  expect(text).toBe(Array.from({ length: 3_000 }, (_, index) => `${index + 1}\n`).join(''));
});

test('the journal is resumed after the last event that was seen', async () => {
  const { reeve, control } = await serve();
  const all: number[] = [];
  for await (const { seq } of reeve.journal()) all.push(seq);
  const resumed = await ask(control, 'GET', '/v1/journal', undefined, { 'last-event-id': String(all[1]) });
  expect({ type: resumed.type, ids: [...resumed.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)) }).toEqual({
    type: 'text/event-stream',
    ids: all.slice(2),
  });
});

test('what streams ends when the server closes', async () => {
  const { client, control } = await serve();
  const output = (async () => {
    for await (const _ of client.follow('web', {}));
  })();
  for await (const _ of client.journal({ follow: true })) void control.close();
  await expect(output).resolves.toBeUndefined();
});

test('down ends its answer when the state directory is free, and not before', async () => {
  const order: string[] = [];
  const { client, stateDir } = await serve(directory(), {}, async ({ reeve, control, client: other }) => {
    // Longer than the answer to `down` would take by itself.
    for (let round = 0; round < 10; round++) await other.status();
    control.stopListening();
    await reeve.close();
    order.push('free');
    void control.close();
  });
  const { units } = await client.down();
  order.push('answered');
  expect({ order, units: units.map(({ id, outcome }) => [id, outcome]) }).toEqual({
    order: ['free', 'answered'],
    units: [['web', 'stopped']],
  });
  const next = await openReeve({ stateDir, units: [job({ id: 'next', command: 'true' })], start: false });
  await next.close();
});

interface Served {
  readonly stateDir: string;
  readonly reeve: Reeve;
  readonly control: ControlServer;
  readonly client: ControlClient;
}

/** One server that runs, and its control surface. */
async function serve(
  stateDir = directory(),
  env: Record<string, string> = {},
  onDown: (served: Served) => Promise<void> = ({ reeve }) => reeve.close(),
): Promise<Served> {
  const reeve = await openReeve({ stateDir, units: [web] });
  const { promise, resolve } = Promise.withResolvers<Served>();
  const control = await serveControl(reeve, { stateDir, env, onDown: async () => onDown(await promise) }).catch(
    async (error) => {
      await reeve.close();
      throw error;
    },
  );
  open.push({ reeve, control });
  await reeve.unit('web').reached('running', { within: '10s' });
  const served = { stateDir, reeve, control, client: (await connectControl(stateDir))! };
  resolve(served);
  return served;
}

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'control-'));
  made.push(path);
  return path;
}

/** A socket file that nobody listens at: renamed away while it is closed, so that closing does not remove it. */
async function leaveSocket(path: string): Promise<void> {
  const listener = createServer().listen(`${path}.made`);
  await once(listener, 'listening');
  renameSync(`${path}.made`, path);
  listener.close();
  await once(listener, 'close');
}

interface Answered {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
  readonly json: unknown;
}

async function ask(
  { socketPath }: ControlServer,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const outgoing = request({ socketPath, method, path, headers, agent: false });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(outgoing, 'response');
  outgoing.on('error', () => {});
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  const type = response.headers['content-type'];
  return { status: response.statusCode, type, text, json: type === 'application/json' ? JSON.parse(text) : null };
}

const codeIn = (json: unknown): unknown => (json as { error?: { code?: unknown } } | null)?.error?.code;
