import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { conditionOf, identify } from '../../src/adapters/system/identity.ts';
import { job, openReadOnly, openReeve, problemOf, server } from '../../src/index.ts';
import { openDatabase } from '../../src/store/database.ts';
import { SCHEMA_VERSION } from '../../src/store/migrations.ts';
import { leftIn, startProgram } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { eventually } from '../support/waiting.ts';
import { overwrite, settle, spoil } from './spoiled.ts';

const sleeper = (id: string) =>
  server({ id, command: ['sleep', '1000'], onOrchestratorDeath: 'adopt', restart: 'never' });
/** What is given again to the next orchestrator. `stray` is not. */
const KEPT = [sleeper('web'), sleeper('db')];

/** Where an orchestrator was killed: three units run on, and the store has a past. */
async function scene() {
  const stateDir = stateDirectory();
  const host = startProgram(
    stateDir,
    `const sleeper = (id) =>
       server({ id, command: ['sleep', '1000'], onOrchestratorDeath: 'adopt', restart: 'never' });
     const reeve = await openReeve({ stateDir, units: ['web', 'db', 'stray'].map(sleeper) });
     for (let count = 0; count < 10; count++) await reeve.run(job({ id: 'job-' + count, command: 'echo done' }));
     for (const id of ['web', 'db', 'stray']) await reeve.unit(id).reached('running', { within: '20s' });
     console.log('pids', reeve.units().flatMap((unit) => unit.status().run?.pid ?? []).join(' '));`,
  );
  const pids = (await host.said('pids ')).split(' ').map(Number);
  await host.end('SIGKILL');
  const identities = pids.map((pid) => identify(pid)!);
  return { stateDir, path: join(stateDir, 'reeve.db'), pids, alive: () => identities.map(conditionOf) };
}

const size = (path: string): number => readFileSync(path).length;

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'a header that is overwritten': (path) => {
    settle(path).close();
    overwrite(path, 0, Buffer.alloc(100, 0x5a));
  },
  'a first page of zeros': (path) => {
    settle(path).close();
    overwrite(path, 0, Buffer.alloc(4096));
  },
  'a broken page of the journal': (path) => spoil(path, 'journal'),
  'a broken page of the units': (path) => spoil(path, 'units'),
  'a broken index': (path) => spoil(path, 'journal_by_unit'),
  'a file that ends in the middle': (path) => {
    settle(path).close();
    truncateSync(path, Math.floor(size(path) / 2));
  },
  'a file that ends in its header': (path) => {
    settle(path).close();
    truncateSync(path, 50);
  },
  'an empty file': (path) => {
    settle(path).close();
    truncateSync(path, 0);
  },
  'no file': (path) => {
    for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
  },
  'a lost WAL, with nearly all in it': (path) => {
    for (const part of ['-wal', '-shm']) rmSync(path + part);
  },
  'a WAL that is overwritten': (path) => writeFileSync(`${path}-wal`, Buffer.alloc(size(`${path}-wal`), 0x5a)),
  'a broken lock beside a broken database': (path) => {
    spoil(path, 'units');
    writeFileSync(join(path, '..', 'lock.db'), 'this is no lock');
  },
};
/** Then there is nothing to keep. */
const LEAVES_NOTHING = /^(?:no file|an empty file|a lost WAL|a WAL that)/;

describe('where a store cannot be used any more, a new one is begun, and what runs is neither lost nor doubled', () => {
  test.each(Object.keys(DAMAGES))('%s', async (damage) => {
    const { stateDir, path, pids, alive } = await scene();
    DAMAGES[damage]!(path);
    const reeve = await opened({ stateDir, units: KEPT });
    await eventually(alive, ([, , stray]) => stray === 'gone');
    const { units, notice } = reeve.status();
    expect({
      units: units.map(({ id, state, run }) => [id, state, run?.pid, run?.generation, run?.adopted]),
      alive: alive(),
      notice: notice?.message,
      kept: readdirSync(stateDir).filter((name) => /^reeve\.db\.corrupt-[-\dTZ]+$/.test(name)).length,
      runs: readdirSync(join(stateDir, readdirSync(stateDir).find((name) => name.startsWith('runs.corrupt-'))!)).length,
    }).toEqual({
      units: [
        ['web', 'running', pids[0], 1, true],
        ['db', 'running', pids[1], 1, true],
      ],
      alive: ['running', 'running', 'gone'],
      notice:
        'The store was damaged or lost, and a new one was begun. ' +
        `What still ran was adopted: db (pid ${pids[1]}), web (pid ${pids[0]}). ` +
        `What belongs to no unit any more is ended: stray (pid ${pids[2]}).`,
      kept: LEAVES_NOTHING.test(damage) ? 0 : 1,
      // Of ten jobs and the stray.
      runs: 11,
    });
    await reeve.close();
    expect([alive(), await leftIn(stateDir)]).toEqual([['gone', 'gone', 'gone'], []]);
  });

  test('the next session has no notice any more; its files tell of it where nobody orchestrates', async () => {
    const { stateDir, path } = await scene();
    spoil(path, 'units');
    const words = problemOf(thrown(() => openReadOnly(stateDir).status()));
    const first = await openReeve({ stateDir, units: KEPT });
    const notice = first.status().notice;
    await first.close();
    const files = openReadOnly(stateDir);
    const left = files.status().notice;
    files.close();
    const second = await opened({ stateDir });
    expect([words, notice?.code, left?.code, second.status().notice]).toEqual([
      {
        code: 'StoreUnreadable',
        message: `Cannot read from the store ${path}: the file is damaged (SQLITE_CORRUPT).`,
        hint: 'The next `reeve up` keeps it aside, begins a new one, and adopts what still runs.',
      },
      'StoreBegunAnew',
      'StoreBegunAnew',
      null,
    ]);
  });

  test('a WAL that is lost takes the newest runs with it: they are ended, and none runs twice', async () => {
    const stateDir = stateDirectory();
    const path = join(stateDir, 'reeve.db');
    const host = startProgram(
      stateDir,
      `const { default: Database } = await import('better-sqlite3');
       const api = server({ id: 'api', command: ['sleep', '1000'], onOrchestratorDeath: 'adopt' });
       const reeve = await openReeve({ stateDir, units: [api], start: false });
       new Database(${JSON.stringify(path)}).pragma('wal_checkpoint(TRUNCATE)');
       await reeve.unit('api').start();
       console.log('pid', reeve.unit('api').status().run.pid);`,
    );
    const pid = Number(await host.said('pid '));
    const first = identify(pid)!;
    await host.end('SIGKILL');
    for (const part of ['-wal', '-shm']) rmSync(path + part);
    const reeve = await opened({ stateDir, units: [sleeper('api')] });
    await reeve.unit('api').reached('running', { within: '15s' });
    expect(
      await eventually(
        () => conditionOf(first),
        (now) => now === 'gone',
      ),
    ).toBe('gone');
    const { state, run } = await reeve.unit('api').reached('running', { within: '15s' });
    expect([state, run?.pid === pid]).toEqual(['running', false]);
  });
});

test('a salvage that was killed half-way is finished by the next one, under the same name', async () => {
  const { stateDir, path, pids, alive } = await scene();
  const ownerOf = (): unknown => {
    const db = new Database(path);
    const owner = db.prepare(`SELECT value FROM meta WHERE key = 'ownerId'`).pluck().get();
    db.prepare(`DELETE FROM meta WHERE key IN ('ownerId', 'notice')`).run();
    db.close();
    return owner;
  };
  const owner = ownerOf();
  const reeve = await openReeve({ stateDir, units: KEPT });
  expect([reeve.status().notice?.code, reeve.status().units.map(({ run }) => run?.pid), alive()]).toEqual([
    'StoreBegunAnew',
    expect.arrayContaining(pids),
    ['running', 'running', 'running'],
  ]);
  await reeve.close();
  expect(ownerOf()).toBe(owner);
});

test('a lock that is held stays held, whatever somebody writes into its file', async () => {
  const stateDir = stateDirectory();
  await opened({ stateDir });
  writeFileSync(join(stateDir, 'lock.db'), 'this is no lock');
  await expect(openReeve({ stateDir })).rejects.toMatchObject({ code: 'StateDirBusy' });
});

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
}

/** Makes something that must not be touched, and tells the words it is refused with. */
const STRANGERS: Readonly<Record<string, (path: string) => { readonly code: string; readonly message: string }>> = {
  'a text': (path) => {
    writeFileSync(path, 'milk, eggs');
    return { code: 'NotAStore', message: `Cannot use ${path} as a store: it is not a SQLite database.` };
  },
  'a directory': (path) => {
    mkdirSync(path);
    return { code: 'NotAStore', message: `Cannot use ${path} as a store: it is a directory.` };
  },
  "another program's database": (path) => {
    const db = new Database(path);
    db.exec('CREATE TABLE places (name TEXT)');
    db.close();
    return { code: 'NotAStore', message: `Cannot use ${path} as a store: it is a SQLite database of another program.` };
  },
  'the store of a newer reeve, which was killed': (path) => {
    const db = openDatabase({ path: `${path}.draft` });
    db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    for (const part of ['', '-wal']) writeFileSync(path + part, readFileSync(`${path}.draft${part}`));
    db.close();
    rmSync(`${path}.draft`);
    const ours = SCHEMA_VERSION;
    const newer = `its schema is version ${ours + 1}, and this reeve knows only ${ours}`;
    const message = `Cannot open the store ${path}: ${newer}.`;
    return { code: 'SchemaTooNew', message };
  },
};

describe('what is not ours, or newer than we are, is refused in words and stays as it was', () => {
  test.each(Object.keys(STRANGERS))('%s', async (stranger) => {
    const stateDir = stateDirectory();
    const path = join(stateDir, 'reeve.db');
    await (await openReeve({ stateDir })).close();
    rmSync(path);
    const refusal = STRANGERS[stranger]!(path);
    const content = () =>
      ['', '-wal'].map((part) => {
        const bytes = thrown(() => readFileSync(path + part));
        return bytes instanceof Error ? 'no file' : readFileSync(path + part, 'hex');
      });
    const before = content();
    await expect(openReeve({ stateDir, units: [sleeper('web')] })).rejects.toMatchObject(refusal);
    expect(content()).toEqual(before);
    expect(readdirSync(stateDir).filter((name) => name.includes('corrupt') || name === 'holder.json')).toEqual([]);
    rmSync(path, { recursive: true });
    for (const part of ['-wal', '-shm']) rmSync(path + part, { force: true });
    const reeve = await opened({ stateDir });
    expect((await reeve.run(job({ id: 'one', command: 'true' }))).outcome).toBe('finished');
  });
});
