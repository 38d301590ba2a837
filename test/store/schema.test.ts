import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../../src/store/migrations.ts';

/** After a new migration: `npx vitest run test/store/schema.test.ts -u`, and read the difference. */
test('the migrations lead to the schema in test/schema.sql', async () => {
  const db = openDatabase({ path: ':memory:' });
  const statements = db
    .prepare<[], string>(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )
    .pluck()
    .all();
  db.close();
  const dump = [`PRAGMA user_version = ${SCHEMA_VERSION}`, ...statements].map((sql) => `${sql};\n`).join('\n');
  await expect(dump).toMatchFileSnapshot('../schema.sql');
});

test('migrations are numbered from 1, without gaps, and all are applied', () => {
  const numbers = readdirSync(new URL('../../src/store/migrations/', import.meta.url))
    .sort()
    .map((name) => Number(/^(\d{4})-[a-z0-9-]+\.ts$/.exec(name)?.[1]));
  expect(numbers).toEqual(MIGRATIONS.map((_, index) => index + 1));
});

test('every table refuses values of the wrong type', () => {
  const db = openDatabase({ path: ':memory:' });
  const loose = db
    .prepare<[], string>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
    )
    .pluck()
    .all();
  db.close();
  expect(loose).toEqual([]);
});
