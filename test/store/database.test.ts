import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import { problemOf } from '../../src/machines/errors.ts';
import { openDatabase } from '../../src/store/database.ts';
import { SCHEMA_VERSION } from '../../src/store/migrations.ts';
import { openStore } from '../../src/store/store.ts';
import { directories } from './directory.ts';
import { entryOf, tickOf } from './samples.ts';

const directory = directories();
const umask = process.umask();
afterEach(() => void process.umask(umask));

const refusal = (open: () => unknown): unknown => {
  try {
    open();
  } catch (error) {
    return problemOf(error);
  }
  return 'it opened';
};

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('what is made', () => {
  test.each([0o000, 0o022, 0o777])('is for its owner alone, under umask %o', (mask) => {
    const root = directory();
    process.umask(mask);
    const store = openStore({ path: join(root, 'state', 'shop', 'reeve.db') });
    store.commit(tickOf({ entries: [entryOf(1)] }));
    const at = join(root, 'state', 'shop');
    const modes = Object.fromEntries(readdirSync(at).map((name) => [name, modeOf(join(at, name))]));
    expect({ ...modes, directories: [modeOf(at), modeOf(join(root, 'state'))] }).toEqual({
      'reeve.db': '600',
      'reeve.db-wal': '600',
      'reeve.db-shm': '600',
      directories: ['700', '700'],
    });
    store.close();
  });

  test('is closed to others again when somebody had opened it to them', () => {
    const path = join(directory(), 'reeve.db');
    openStore({ path }).close();
    chmodSync(path, 0o644);
    openStore({ path }).close();
    expect(modeOf(path)).toBe('600');
  });

  test('survives its own closing, and is migrated once', () => {
    const path = join(directory(), 'reeve.db');
    const first = openStore({ path });
    first.commit(tickOf({ entries: [entryOf(1)] }));
    first.close();
    const second = openStore({ path });
    expect([...second.journal()]).toEqual([entryOf(1)]);
    second.close();
  });

  test('syncs as often as the durability asks for', () => {
    const root = directory();
    const synchronous = (['process-crash', 'power-loss'] as const).map((durability) => {
      const db = openDatabase({ path: join(root, durability), durability });
      const level = [db.pragma('synchronous', { simple: true }), db.pragma('journal_mode', { simple: true })];
      db.close();
      return level;
    });
    expect(synchronous).toEqual([
      [1, 'wal'],
      [2, 'wal'],
    ]);
  });

  test('that a crash left between its first byte and its schema is completed', () => {
    const path = join(directory(), 'reeve.db');
    const begun = new Database(path);
    begun.pragma('application_id = 1919247734');
    begun.close();
    const store = openStore({ path });
    expect(store.lastSeq()).toBe(0);
    store.close();
  });
});

describe('what is something else is refused in words, and left as it is', () => {
  test('the store of a newer reeve', () => {
    const path = join(directory(), 'reeve.db');
    const db = openDatabase({ path });
    db.pragma(`user_version = ${SCHEMA_VERSION + 2}`);
    db.close();
    const words = {
      code: 'SchemaTooNew',
      message: `Cannot open the store ${path}: its schema is version 3, and this reeve knows only 1.`,
      hint: 'A newer reeve wrote it. Update reeve, or name another state directory. Nothing was changed.',
    };
    expect([refusal(() => openStore({ path })), refusal(() => openStore({ path, readonly: true }))]).toEqual([
      words,
      words,
    ]);
  });

  test("another program's database, also one that is open and in WAL mode", () => {
    const root = directory();
    const path = join(root, 'places.db');
    const stranger = new Database(path);
    stranger.pragma('journal_mode = WAL');
    stranger.exec('CREATE TABLE places (name TEXT)');
    stranger.close();
    const before = readFileSync(path);
    expect(refusal(() => openStore({ path }))).toEqual({
      code: 'NotAStore',
      message: `Cannot use ${path} as a store: it is a SQLite database of another program.`,
      hint: 'Nothing was changed. Move it away, or name another state directory.',
    });
    expect([readFileSync(path).equals(before), readdirSync(root)]).toEqual([true, ['places.db']]);
  });

  test('a text', () => {
    const path = join(directory(), 'notes.txt');
    writeFileSync(path, 'milk, eggs');
    expect(refusal(() => openStore({ path }))).toMatchObject({
      code: 'NotAStore',
      message: `Cannot use ${path} as a store: it is not a SQLite database.`,
    });
    expect(readFileSync(path, 'utf8')).toBe('milk, eggs');
  });

  test('a directory', () => {
    const path = directory();
    expect(refusal(() => openStore({ path }))).toMatchObject({
      code: 'NotAStore',
      message: `Cannot use ${path} as a store: it is a directory.`,
    });
  });
});

describe('what cannot be opened is told in words', () => {
  test('a directory in which we may not write', () => {
    const root = directory();
    const locked = join(root, 'locked');
    mkdirSync(locked);
    chmodSync(root, 0o755);
    chmodSync(locked, 0o555);
    const path = join(locked, 'reeve.db');
    expect(asNobody(() => refusal(() => openStore({ path })))).toEqual({
      code: 'StoreUnopenable',
      message: `Cannot open the store ${path}: permission denied (EACCES).`,
      hint: 'Give this user the right to write the file and its directory, or name another state directory.',
    });
  });

  test('a file in which we may not write', () => {
    const root = directory();
    const path = join(root, 'reeve.db');
    openStore({ path }).close();
    const before = readFileSync(path);
    // The way there is open to everybody, and the file to be read.
    chmodSync(dirname(root), 0o711);
    chmodSync(root, 0o777);
    chmodSync(path, 0o444);
    const refused = asNobody(() => refusal(() => openStore({ path })));
    chmodSync(dirname(root), 0o700);
    expect([refused, readFileSync(path).equals(before)]).toEqual([
      {
        code: 'StoreUnopenable',
        message: expect.stringMatching(/: permission denied \((?:SQLITE_READONLY|EPERM)/),
        hint: 'Give this user the right to write the file and its directory, or name another state directory.',
      },
      true,
    ]);
  });

  test('a path through a file', () => {
    const file = join(directory(), 'file');
    writeFileSync(file, 'x');
    const path = join(file, 'reeve.db');
    expect(refusal(() => openStore({ path }))).toMatchObject({
      code: 'StoreUnopenable',
      message: `Cannot open the store ${path}: the file or its directory is not there, or cannot be opened (ENOTDIR).`,
    });
  });

  test('a store with a hole in it', () => {
    const path = join(directory(), 'reeve.db');
    openStore({ path }).close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x5a, 100));
    expect(refusal(() => openStore({ path }))).toEqual({
      code: 'StoreUnopenable',
      message: `Cannot open the store ${path}: the file is damaged (SQLITE_CORRUPT).`,
      hint: 'The next `reeve up` keeps it aside, begins a new one, and adopts what still runs.',
    });
  });
});

describe('reading only', () => {
  test('sees what was committed last while another connection goes on writing', () => {
    const path = join(directory(), 'reeve.db');
    const writer = openStore({ path });
    writer.commit(tickOf({ entries: [entryOf(1)] }));
    const reader = openStore({ path, readonly: true });
    writer.commit(tickOf({ entries: [entryOf(2)] }));
    expect([reader.lastSeq(), [...reader.journal()].length]).toEqual([2, 2]);
    expect(refusal(() => reader.commit(tickOf({ entries: [entryOf(3)] })))).toMatchObject({
      code: 'StoreUnwritable',
      message: `Cannot write to the store ${path}: permission denied (SQLITE_READONLY).`,
    });
    reader.close();
    writer.close();
  });

  test('makes nothing where nothing is', () => {
    const root = directory();
    const path = join(root, 'state', 'reeve.db');
    expect(refusal(() => openStore({ path, readonly: true }))).toEqual({
      code: 'StoreMissing',
      message: `There is no store at ${path}.`,
      hint: 'Nothing was ever started here. Check the state directory, or begin with `reeve up`.',
    });
    expect(readdirSync(root)).toEqual([]);
  });

  test('brings no schema up to date', () => {
    const path = join(directory(), 'reeve.db');
    const db = openDatabase({ path });
    db.pragma('user_version = 0');
    db.close();
    expect(refusal(() => openStore({ path, readonly: true }))).toEqual({
      code: 'SchemaTooOld',
      message: `Cannot read the store ${path}: its schema is version 0, and this reeve reads 1.`,
      hint: 'An older reeve wrote it. Starting this one once, with `reeve up`, brings it up to date.',
    });
  });
});

/** Root may write everywhere; tests often run as root. */
function asNobody<Result>(act: () => Result): Result {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}
