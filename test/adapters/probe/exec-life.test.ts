/** Units whose probes are commands, from the spec to the journal. */
import { readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openReeve, type Reeve, type ServerInput, server } from '../../../src/index.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

type Options = Partial<ServerInput> & { readonly db?: NodeJS.ProcessEnv };

/** A server that only sits there, in a directory of its own. */
async function open({ db = process.env, ...spec }: Options): Promise<{ readonly reeve: Reeve; readonly cwd: string }> {
  const cwd = realpathSync(temporaryDirectory());
  const unit = server({ id: 'db', command: 'exec sleep 1000', cwd, ...spec });
  const reeve = await openReeve({ stateDir: temporaryDirectory(), env: db, units: [unit] });
  onTestFinished(() => reeve.close());
  return { reeve, cwd };
}

async function probeFacts(reeve: Reeve): Promise<readonly string[]> {
  const facts: string[] = [];
  for await (const { event } of reeve.journal({ unit: 'db' })) {
    if (event.type.startsWith('probe.')) facts.push('detail' in event ? `${event.type}: ${event.detail}` : event.type);
  }
  return facts;
}

test('a server is ready when its command says so, and why it is not is in the journal once', async () => {
  const exec = 'echo asked >> log; test $(wc -l < log) -ge 3 || { echo starting; exit 1; }';
  const { reeve, cwd } = await open({ ready: { exec, every: '20ms' } });
  await reeve.unit('db').reached('ready', { within: '15s' });
  expect({ facts: await probeFacts(reeve), asked: readFileSync(join(cwd, 'log'), 'utf8') }).toEqual({
    facts: [`probe.failed: \`${exec}\` ended with code 1: starting`, 'probe.passed'],
    asked: 'asked\n'.repeat(3),
  });
});

test('a server whose command fails too often is restarted, and well again', async () => {
  const { reeve, cwd } = await open({
    alive: { exec: ['test', '!', '-e', 'very sick'], every: '20ms', failures: 2 },
    restart: { when: 'failure', backoff: { initial: '10ms' } },
  });
  const db = reeve.unit('db');
  await db.reached('running', { within: '15s' });
  writeFileSync(join(cwd, 'very sick'), '');
  await db.reached('reaped', { within: '15s' });
  rmSync(join(cwd, 'very sick'));
  await db.reached('running', { within: '15s' });
  const sick = '`test ! -e very sick` ended with code 1';
  expect(db.history().at(-1)?.outcome).toMatchObject({ kind: 'unhealthy', detail: sick });
  expect((await probeFacts(reeve)).slice(0, 2)).toEqual([`probe.failed: ${sick}`, `probe.exhausted: ${sick}`]);
});

test('a command sees the environment of its unit with its secrets, but is no part of the run', async () => {
  const look = "env | grep -E '^(MODE|PORT|PASSWORD|REEVE_RUN|OURS)=' | sort > seen; mv seen env";
  const { reeve, cwd } = await open({
    db: { ...process.env, DB_PASSWORD: 'hunter2-hunter2', OURS: '1' },
    env: { set: { MODE: 'test' }, secrets: { PASSWORD: { env: 'DB_PASSWORD' } } },
    port: 45_555,
    ready: {
      exec: `${look}; echo "no login with $PASSWORD"; test -e second || { touch second; exit 1; }`,
      every: '20ms',
    },
  });
  await reeve.unit('db').reached('ready', { within: '15s' });
  expect(readFileSync(join(cwd, 'env'), 'utf8')).toBe('MODE=test\nPASSWORD=hunter2-hunter2\nPORT=45555\n');
  const [failure] = await probeFacts(reeve);
  expect(failure).toMatch(/ended with code 1: no login with \[redacted\]$/);
});

test('a command that is asked when reeve closes is gone when it has closed', async () => {
  const { reeve, cwd } = await open({ ready: { exec: 'echo $$ > new; mv new pid; sleep 1000 & wait', timeout: '1m' } });
  await expect.poll(() => readdirSync(cwd), { timeout: 15_000 }).toContain('pid');
  const pid = Number(readFileSync(join(cwd, 'pid'), 'utf8'));
  await reeve.close();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
