import { expect, test } from 'vitest';
import { type Entry, job, type Log, openReeve, server } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { smallDisk } from '../support/small-disk.ts';
import { eventually } from '../support/waiting.ts';

const IGNORES_TERM = `trap '' TERM; while :; do sleep 0.05; done`;

function listening(): { readonly log: Log; readonly said: string[] } {
  const said: string[] = [];
  const write = (_: object, words: string): void => void said.push(words);
  return { said, log: { debug() {}, info: write, warn: write, error: write } };
}

test('on a full disk units stop, end and time out, and it is all on record when there is room', async (context) => {
  const disk = smallDisk(context);
  const { log, said } = listening();
  const reeve = await opened({
    stateDir: `${disk.path}/state`,
    logger: log,
    units: [
      server({ id: 'asked', command: 'exec sleep 1000' }),
      server({ id: 'deaf', command: IGNORES_TERM, stop: { grace: '200ms' } }),
      server({ id: 'dies', command: 'exec sleep 1000', restart: 'always' }),
      job({ id: 'fails', command: `trap 'exit 7' USR1; while :; do sleep 0.05; done` }),
      job({ id: 'late', command: 'exec sleep 1000', timeout: '3s' }),
    ],
  });
  const ids = reeve.units().map(({ id }) => id);
  for (const id of ids) await reeve.unit(id).reached('running', { within: '20s' });
  const kill = (id: string, signal: NodeJS.Signals) => process.kill(reeve.unit(id).status().run!.pid!, signal);
  const lastWritten = reeve.unit('dies').history().length;

  disk.fill();
  await Promise.all([reeve.unit('asked').stop(), reeve.unit('deaf').stop()]);
  kill('fails', 'SIGUSR1');
  kill('dies', 'SIGKILL');
  await reeve.unit('fails').reached('settled', { within: '20s' });
  await reeve.unit('late').reached('settled', { within: '20s' });
  await eventually(
    () => reeve.unit('dies').status().substate,
    (substate) => substate === 'launching',
  );
  const endings = async () =>
    Object.fromEntries(
      await Promise.all(
        ids.map(async (id) => {
          const { outcome, code, signal } = await reeve.unit(id).result();
          return [id, [outcome, code, signal]] as const;
        }),
      ),
    );
  const meanwhile = await endings();
  expect(meanwhile).toMatchObject({
    asked: ['stopped', null, 'SIGTERM'],
    deaf: ['stopped', null, 'SIGKILL'],
    fails: ['failed', 7, null],
    late: ['timed-out', null, 'SIGTERM'],
  });
  const { degraded } = reeve.status();
  expect(degraded?.code).toBe('StoreUnwritable');
  expect(degraded?.message).toMatch(/^Cannot write to the store .*: no space is left on the disk \(SQLITE_FULL\)\.$/);
  expect(degraded?.hint).toMatch(/^Free some space on it, .* nothing new is started; .* can be stopped\.$/);
  await expect(reeve.unit('asked').start()).rejects.toMatchObject({ code: 'StoreUnwritable' });
  expect(() => reeve.add(job({ id: 'new', command: 'true' }))).toThrow('no space is left on the disk');

  disk.free();
  await eventually(
    () => reeve.status().degraded,
    (problem) => problem === null,
    20_000,
  );
  await reeve.unit('dies').reached('running', { within: '20s' });
  expect(await endings()).toEqual({ ...meanwhile, dies: [null, null, null] });
  const entries: Entry[] = [];
  for await (const entry of reeve.journal()) entries.push(entry);
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  expect(
    reeve
      .unit('dies')
      .history()
      .map(({ outcome }) => outcome?.signal),
  ).toEqual([undefined, 'SIGKILL']);
  expect([lastWritten, said.filter((words) => words.startsWith('the store can be written again')).length]).toEqual([
    1, 1,
  ]);
}, 90_000);

test('a reeve is closed on a full disk and leaves nobody behind, and the next one finds out', async (context) => {
  const disk = smallDisk(context);
  const { log, said } = listening();
  const options = { stateDir: `${disk.path}/state`, units: [server({ id: 'a', command: 'exec sleep 1000' })] };
  const reeve = await openReeve({ ...options, logger: log });
  await reeve.unit('a').reached('running', { within: '20s' });
  const { pid } = reeve.unit('a').status().run!;
  disk.fill();
  await reeve.close();
  expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  expect(said.some((words) => /^\d+ entries of the journal could not be written and are lost/.test(words))).toBe(true);

  disk.free();
  const next = await opened(options);
  await next.unit('a').reached('running', { within: '20s' });
  expect(next.unit('a').history()[1]?.outcome).toMatchObject({ signal: 'SIGTERM' });
}, 60_000);
