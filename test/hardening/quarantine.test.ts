import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { identify, isAlive } from '../../src/adapters/system/identity.ts';
import { type Log, type Reeve, server } from '../../src/index.ts';
import { leftIn, startProgram } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';

const sleeper = (id: string) =>
  server({ id, command: ['sleep', '1000'], onOrchestratorDeath: 'adopt', restart: 'never' });
const UNITS = ['ill', 'well'].map(sleeper);

/** What somebody did to a unit's rows while nobody orchestrated. */
const FAULTS = {
  'snapshots that are no JSON, and a journal with a hole': [
    `UPDATE snapshots SET context = '{' WHERE unit_id = 'ill'`,
    `DELETE FROM journal WHERE unit_id = 'ill' AND aseq = 2`,
  ],
  'snapshots and an entry that are no JSON': [
    `UPDATE snapshots SET context = '{' WHERE unit_id = 'ill'`,
    `UPDATE journal SET patch = '{' WHERE unit_id = 'ill' AND aseq = 2`,
  ],
  'a state that is not the one its journal describes': [
    `UPDATE journal SET state_hash = 'another' WHERE unit_id = 'ill'`,
    `UPDATE snapshots SET state_hash = 'another' WHERE unit_id = 'ill'`,
  ],
  'a state that no machine has': [
    `UPDATE journal SET value = '"dancing"' WHERE unit_id = 'ill'`,
    `UPDATE snapshots SET value = '"dancing"' WHERE unit_id = 'ill'`,
  ],
} as const;

/** An orchestrator that opened where another was killed, after its store was changed. */
async function scene(changes: readonly string[]) {
  const stateDir = stateDirectory();
  const host = startProgram(
    stateDir,
    `const sleeper = (id) =>
       server({ id, command: ['sleep', '1000'], onOrchestratorDeath: 'adopt', restart: 'never' });
     const reeve = await openReeve({ stateDir, units: ['ill', 'well'].map(sleeper) });
     for (const unit of reeve.units()) await unit.reached('running', { within: '20s' });
     console.log('pids', reeve.units().map((unit) => unit.status().run.pid).join(' '));`,
  );
  const [ill, well] = (await host.said('pids ')).split(' ').map((pid) => identify(Number(pid))!);
  await host.end('SIGKILL');
  const db = new Database(join(stateDir, 'reeve.db'));
  db.pragma('ignore_check_constraints = ON');
  db.exec('DROP TRIGGER journal_is_append_only');
  for (const change of changes) expect(db.prepare(change).run().changes).toBeGreaterThan(0);
  db.close();
  const errors: string[] = [];
  const reeve = await opened({ stateDir, units: UNITS, logger: loggerTo(errors) });
  return { stateDir, reeve, errors, lives: () => [isAlive(ill!), isAlive(well!)] };
}

function loggerTo(errors: string[]): Log {
  const quiet = (): void => {};
  return { debug: quiet, info: quiet, warn: quiet, error: ({ unit }, message) => errors.push(`${unit}: ${message}`) };
}

const about = (reeve: Reeve) =>
  reeve.status().units.map(({ id, state, quarantined }) => [id, state, quarantined !== null]);

/** What leads out of it, and who lives then. */
const WAYS_OUT = {
  stop: (reeve: Reeve) => reeve.unit('ill').stop(),
  terminate: (reeve: Reeve) => reeve.unit('ill').terminate(),
  restart: (reeve: Reeve) => reeve.unit('ill').restart(),
  down: (reeve: Reeve) => reeve.down(),
} as const;
const AFTER: Readonly<Record<keyof typeof WAYS_OUT, unknown>> = {
  stop: [
    ['ill', 'reaped', false],
    ['well', 'running', false],
  ],
  terminate: [['well', 'running', false]],
  restart: [
    ['ill', 'running', false],
    ['well', 'running', false],
  ],
  down: [
    ['ill', 'reaped', false],
    ['well', 'reaped', false],
  ],
};

describe.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])('%s', (fault) => {
  test.each(Object.keys(WAYS_OUT) as (keyof typeof WAYS_OUT)[])(
    'quarantine that unit and no other; its process runs until %s ends it',
    async (way) => {
      const { stateDir, reeve, errors, lives } = await scene(FAULTS[fault]);
      expect([about(reeve), lives(), errors.length]).toEqual([
        [
          ['ill', 'running', true],
          ['well', 'running', false],
        ],
        [true, true],
        1,
      ]);
      await WAYS_OUT[way](reeve);
      expect([about(reeve), lives()]).toEqual([AFTER[way], [false, way !== 'down']]);
      await reeve.close();
      expect(await leftIn(stateDir)).toEqual([]);
    },
  );
});

describe('what costs no trust', () => {
  test.each([
    ['snapshots that are no JSON, where the journal is whole', [`UPDATE snapshots SET context = '{'`]],
    ['a definition that is not ours', [`UPDATE journal SET definition = 'x'`, `UPDATE snapshots SET definition = 'x'`]],
  ])('%s', async (_, changes) => {
    const { reeve, lives, errors } = await scene(changes);
    expect([about(reeve), lives(), errors]).toEqual([
      [
        ['ill', 'running', false],
        ['well', 'running', false],
      ],
      [true, true],
      [],
    ]);
  });
});

test('a unit whose spec is spoiled cannot begin again, and can still be ended', async () => {
  const { reeve, lives } = await scene([`UPDATE units SET spec = '{"id":"ill","kind":"server"}' WHERE id = 'ill'`]);
  expect(reeve.unit('ill').status().quarantined).toBe('its spec cannot be read');
  const refusal = {
    code: 'SpecUnreadable',
    message: '"ill" cannot begin: the spec that is stored for it cannot be read.',
    hint: 'Remove it, and add it anew: `reeve terminate ill`, then `reeve up`.',
  };
  await expect(reeve.unit('ill').restart()).rejects.toMatchObject(refusal);
  expect(lives()).toEqual([true, true]);
  await reeve.unit('ill').stop();
  await expect(reeve.unit('ill').start()).rejects.toMatchObject(refusal);
  await expect(reeve.unit('ill').restart()).rejects.toMatchObject(refusal);
  await reeve.unit('ill').terminate();
  expect([lives(), about(reeve)]).toEqual([[false, true], [['well', 'running', false]]]);
  reeve.add(sleeper('ill'));
  await reeve.unit('ill').start();
  expect(about(reeve)).toEqual([
    ['well', 'running', false],
    ['ill', 'running', false],
  ]);
});

test('observers, subscribers and inspectors that throw are told of, and disturb nobody', async () => {
  const errors: string[] = [];
  const reeve = await opened({ stateDir: stateDirectory(), units: UNITS, logger: loggerTo(errors), start: false });
  const fail = (): never => {
    throw new Error('observer');
  };
  reeve.observe(fail);
  reeve.unit('ill').actor.subscribe(fail);
  reeve.unit('ill').actor.system.inspect(fail);
  await reeve.up();
  for (const { id } of UNITS) await reeve.unit(id).reached('running', { within: '10s' });
  await reeve.unit('ill').restart();
  expect([about(reeve), reeve.unit('ill').status().run?.generation]).toEqual([
    [
      ['ill', 'running', false],
      ['well', 'running', false],
    ],
    2,
  ]);
  await reeve.down();
  expect(about(reeve)).toEqual([
    ['ill', 'reaped', false],
    ['well', 'reaped', false],
  ]);
  expect(new Set(errors.map((words) => words.replace(/^\w+: /, '')))).toEqual(
    new Set(['an observer failed: Error: observer', 'an observer failed: observer']),
  );
});
