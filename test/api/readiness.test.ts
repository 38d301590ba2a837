import { once } from 'node:events';
import { mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Reeve, type ServerInput, server } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { eventually } from '../support/waiting.ts';

const open = (...units: readonly ServerInput[]): Promise<Reeve> =>
  opened({ stateDir: stateDirectory(), units: units.map((unit) => server(unit)) });
const api = (unit: Omit<ServerInput, 'id'>) => open({ id: 'api', restart: 'never', ...unit });
const typesOf = async (reeve: Reeve) => {
  const types: string[] = [];
  for await (const { event } of reeve.journal({ unit: 'api' })) types.push(event.type);
  return types;
};

describe('a server is ready', () => {
  test('by what it prints, in whatever pieces', async () => {
    const command = 'printf listen; sleep 0.1; echo ing on 80; exec sleep 1000';
    const reeve = await api({ command, ready: { log: '^listening on \\d+$' } });
    expect(await reeve.unit('api').reached('ready', { within: '15s' })).toMatchObject({ state: 'running', why: '' });
  });

  test('by a file of its own, and not by one of the day before', async () => {
    const cwd = realpathSync(temporaryDirectory());
    writeFileSync(join(cwd, 'up'), 'of the day before');
    mkdirSync(join(cwd, 'go'));
    const command = 'while [ -e go ]; do sleep 0.05; done; touch up; exec sleep 1000';
    const reeve = await api({ command, cwd, ready: { file: 'up', every: '50ms' } });
    const stale = await eventually(
      () => reeve.unit('api').status().why,
      (why) => why !== '',
    );
    expect(stale).toMatch(/^\/.+\/up is from before this run/);
    rmdirSync(join(cwd, 'go'));
    expect(await reeve.unit('api').reached('ready', { within: '15s' })).toMatchObject({ state: 'running' });
  });

  test('by what it says to us, also while nobody listened', async () => {
    const [stateDir, cwd] = [stateDirectory(), temporaryDirectory()];
    mkdirSync(join(cwd, 'go'));
    const command = 'echo up >&2; while [ -e go ]; do sleep 0.05; done; echo up >>"$REEVE_MESSAGES"; exec sleep 1000';
    const units = [server({ id: 'api', command, cwd, ready: { message: 'up', within: '1h' } })];
    const first = await opened({ stateDir, units, onOrchestratorDeath: 'adopt' });
    const { run } = await first.unit('api').reached('waiting-health', { within: '15s' });
    await first.close({ leave: true });
    rmdirSync(join(cwd, 'go'));
    await eventually(
      () => readFileSync(join(stateDir, 'runs', run?.runId ?? '', 'messages'), 'utf8'),
      (said) => said === 'up\n',
    );
    const second = await opened({ stateDir, units });
    const seen = await second.unit('api').reached('ready', { within: '15s' });
    expect([seen.state, seen.run?.runId, seen.run?.adopted]).toEqual(['running', run?.runId, true]);
  });

  test('on the port that was chosen for it, asked by its path alone', async () => {
    const program = 'require("http").createServer((_, to) => to.end("ok")).listen(process.env.PORT)';
    const reeve = await api({ command: ['node', '-e', program], port: 'auto', ready: { http: '/health' } });
    const { port } = await reeve.unit('api').reached('ready', { within: '15s' });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok');
  });
});

describe('a start', () => {
  test('that fails is over at once, and says why with its own last words', async () => {
    const command = 'echo starting; echo "Error: no such database" >&2; exit 3';
    const reeve = await api({ command, ready: { tcp: 1, within: '1h' } });
    const { outcome, why } = await reeve.unit('api').reached('settled', { within: '15s' });
    expect([outcome, why]).toEqual(['failed', 'it ended with code 3: starting / Error: no such database']);
  });

  test('that prints may take longer than `within`', async () => {
    const command = 'for i in 1 2 3 4 5 6 7 8; do echo step $i; sleep 0.2; done; echo up; exec sleep 1000';
    const reeve = await api({ command, ready: { log: '^up$', timeout: '50ms', every: '50ms', within: '800ms' } });
    expect(await reeve.unit('api').reached('ready', { within: '15s' })).toMatchObject({ run: { generation: 1 } });
    expect(await typesOf(reeve)).toContain('run.progressed');
  });

  test.each([
    ['prints nothing', 'exec sleep 1000', 'it has not printed /up/ so far'],
    ['always prints and is never ready', 'while :; do echo again; sleep 0.02; done', /but it gets on: again$/],
  ])('that %s comes to its end', async (_, command, why) => {
    const ready = { log: 'up', timeout: '50ms', every: '50ms', within: '400ms', atMost: '900ms' } as const;
    const reeve = await api({ command, ready });
    const { outcome, why: said } = await reeve.unit('api').reached('settled', { within: '15s' });
    expect([outcome, said]).toEqual(['start-timeout', typeof why === 'string' ? why : expect.stringMatching(why)]);
  });
});

test('units that are well write nothing, however often they are asked', async () => {
  let asked = 0;
  const health = createServer((_, answer) => {
    asked += 1;
    answer.end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void health.close());
  await once(health, 'listening');
  const address = health.address();
  const alive = {
    http: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    every: '20ms',
  } as const;
  const command = ['sleep', '1000'];
  const units = Array.from({ length: 20 }, (_, index) => ({
    id: `u${index}`,
    command,
    alive,
    restart: { stableAfter: 1 },
  }));
  const reeve = await open(...units);
  const entries = async () => {
    let count = 0;
    for await (const _ of reeve.journal()) count += 1;
    return count;
  };
  await eventually(
    () => asked,
    (count) => count > 40,
  );
  const [before, from] = [await entries(), asked];
  expect(
    await eventually(
      () => asked - from,
      (count) => count >= 500,
    ),
  ).toBeGreaterThanOrEqual(500);
  expect(await entries()).toBe(before);
});
