import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { socketsOn } from '../../src/adapters/process/listeners.ts';
import { ticksOf } from '../../src/adapters/process/record.ts';
import { identify } from '../../src/adapters/system/identity.ts';
import { openReeve, type Reeve, server, whatToHeal } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { freePort, listening } from '../support/ports.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { eventually } from '../support/waiting.ts';

const sleeper = (id: string) => server({ id, command: 'exec sleep 1000', restart: 'never' });
const HEALTHY = { dryRun: false, scanned: 1, actions: [] };

/** The database, at rest or not, as somebody with an editor has it. */
function edited<T>(stateDir: string, edit: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(stateDir, 'reeve.db'));
  try {
    return edit(db);
  } finally {
    db.close();
  }
}

const ownerOf = (stateDir: string): string =>
  edited(stateDir, (db) => String(db.prepare(`select value from meta where key = 'ownerId'`).get()?.value));

/** A process of ours that says it belongs to a run. */
async function forged(marker: string, [file, ...args]: readonly [string, ...string[]] = ['sleep', '1000']) {
  const child = spawn(file, args, { env: { ...process.env, REEVE_RUN: marker }, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const { pid = 0 } = child;
  // What begins in the tick in which somebody looks may have begun after that: it is found the next time.
  await eventually(ticksNow, (ticks) => ticks > Number(identify(pid)?.startTicks));
  return { pid, ended: once(child, 'exit') };
}

const ticksNow = (): number => ticksOf(readFileSync('/proc/uptime', 'latin1').split(' ')[0] ?? '');

const seqOf = async (reeve: Reeve): Promise<number> => {
  let seq = 0;
  for await (const entry of reeve.journal()) seq = entry.seq;
  return seq;
};

test('a world that is as it is recorded gets no action and no entry', async () => {
  const reeve = await opened({ stateDir: temporaryDirectory(), units: [sleeper('a')] });
  await reeve.unit('a').reached('running', { within: '10s' });
  const before = await seqOf(reeve);
  expect([await reeve.heal(), (await seqOf(reeve)) - before]).toEqual([HEALTHY, 0]);
});

test('what carries the marker of a run that is over is ended, and not in a dry run', async () => {
  const stateDir = temporaryDirectory();
  const reeve = await opened({ stateDir, units: [sleeper('a')] });
  await reeve.unit('a').reached('running', { within: '10s' });
  await reeve.unit('a').stop();
  const runId = reeve.unit('a').history()[0]!.runId;
  const stray = await forged(`${ownerOf(stateDir)}/a/${runId}`);
  const stranger = await forged(`somebody-else/a/${runId}`);
  const found = `something of its run ${runId} outlived it`;
  const dry = await reeve.heal({ dryRun: true });
  process.kill(stray.pid, 0);
  const real = await reeve.heal();
  const [, signal] = await stray.ended;
  const again = await reeve.heal();
  process.kill(stranger.pid, 0);
  expect([dry.actions, real.actions, signal, again]).toEqual([
    [{ unit: 'a', found, did: 'would be ended' }],
    [{ unit: 'a', found, did: 'ended' }],
    'SIGTERM',
    HEALTHY,
  ]);
});

test('a port that something of a run that is over still holds is free again when it was healed', async () => {
  const stateDir = temporaryDirectory();
  const port = await freePort();
  const web = server({
    id: 'web',
    command: ['node', '-e', listening(port)],
    port,
    ready: { tcp: port, every: '50ms' },
  });
  const reeve = await opened({ stateDir, units: [web], start: false });
  await reeve.unit('web').start();
  await reeve.unit('web').stop();
  const { runId } = reeve.unit('web').history()[0]!;
  const holder = await forged(`${ownerOf(stateDir)}/web/${runId}`, ['node', '-e', listening(port)]);
  await eventually(
    () => socketsOn(port),
    (sockets) => sockets.length === 1,
  );
  const { actions } = await reeve.heal();
  await holder.ended;
  await reeve.unit('web').start();
  expect([actions.map(({ unit, did }) => [unit, did]), reeve.unit('web').status().ready]).toEqual([
    [['web', 'ended']],
    true,
  ]);
});

test('a timer that somebody has deleted from the database is back when the next orchestrator has opened', async () => {
  const stateDir = temporaryDirectory();
  const slow = server({
    id: 'a',
    command: 'exec sleep 1000',
    ready: { exec: 'false', within: '90s' },
    restart: 'never',
  });
  const first = await openReeve({ stateDir, units: [slow], onOrchestratorDeath: 'adopt' });
  await first.unit('a').reached('waiting-health', { within: '10s' });
  await first.close({ leave: true });
  edited(stateDir, (db) => db.exec('delete from timers'));
  const found = 'it waits for the timer "start", which is not armed';
  const before = whatToHeal(stateDir);
  const reeve = await opened({ stateDir, units: [slow], start: false, onOrchestratorDeath: 'adopt' });
  const timers = edited(stateDir, (db) =>
    db
      .prepare('select timer from timers')
      .all()
      .map((row) => row.timer),
  );
  expect([before.actions, timers, await reeve.heal()]).toEqual([
    [{ unit: 'a', found, did: 'would be re-armed' }],
    ['start'],
    HEALTHY,
  ]);
});

test('a run whose launcher and command were both killed is lost, once, and nothing is left to heal', async () => {
  const stateDir = temporaryDirectory();
  const reeve = await opened({ stateDir, units: [sleeper('a')] });
  await reeve.unit('a').reached('running', { within: '10s' });
  const handle = reeve.unit('a').history()[0]!.handle!;
  const launcher = handle.launcher as { readonly pid: number };
  process.kill(launcher.pid, 'SIGKILL');
  process.kill(handle.pid!, 'SIGKILL');
  await reeve.unit('a').reached('settled', { within: '10s' });
  expect([reeve.unit('a').status().outcome, await reeve.heal()]).toEqual(['lost', HEALTHY]);
});
