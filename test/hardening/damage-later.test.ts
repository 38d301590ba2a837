import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identify, isAlive } from '../../src/adapters/system/identity.ts';
import { job, openReeve, problemOf, type Reeve, server } from '../../src/index.ts';
import { leftIn } from '../support/host.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { spoil } from './spoiled.ts';

const UNITS = ['a', 'b'].map((id) => server({ id, command: ['sleep', '1000'] }));
const DAMAGED = /^Store(?:Unreadable|Unwritable): Cannot (?:read from|write to) the store .*: the file is damaged/;

/** What can be asked of an open reeve, and whether it is had, or refused in the store's own words. */
async function asked(reeve: Reeve): Promise<readonly string[]> {
  const acts = [
    async () => reeve.unit('a').history(),
    async () => {
      for await (const entry of reeve.journal()) if (entry.seq < 0) return;
    },
    () => reeve.run(job({ id: 'new', command: 'true' })),
    async () => reeve.status(),
  ];
  const inWords = (error: unknown): string => {
    const { code, message } = problemOf(error);
    return DAMAGED.test(`${code}: ${message}`) ? 'damaged' : `${code}: ${message}`;
  };
  return Promise.all(acts.map((act) => act().then(() => 'had', inWords)));
}

test.each(['journal', 'journal_by_unit', 'runs', 'units', 'snapshots', 'timers'])(
  'pages of %s that spoil while it runs keep nothing from being stopped; the next one begins anew',
  async (name) => {
    const stateDir = stateDirectory();
    const reeve = await openReeve({ stateDir, units: UNITS });
    for (const unit of reeve.units()) await unit.reached('running', { within: '10s' });
    const lives = reeve.units().map((unit) => identify(unit.status().run?.pid ?? 0)!);
    for (let count = 0; count < 5; count++) await reeve.run(job({ id: `job-${count}`, command: 'true' }));
    spoil(join(stateDir, 'reeve.db'), name, 'all');
    const answers = await asked(reeve);
    expect([new Set(answers), answers.at(2)]).toEqual([new Set(['had', 'damaged']), 'damaged']);
    await reeve.unit('a').stop();
    expect([lives.map(isAlive), reeve.unit('b').status().state]).toEqual([[false, true], 'running']);
    await reeve.close();
    expect([lives.map(isAlive), await leftIn(stateDir)]).toEqual([[false, false], []]);

    const next = await opened({ stateDir, units: UNITS });
    for (const unit of next.units()) await unit.reached('running', { within: '10s' });
    expect(next.status().notice?.code).toBe('StoreBegunAnew');
    expect(readdirSync(stateDir).filter((file) => file.startsWith('reeve.db.corrupt-')).length).toBe(1);
  },
);
