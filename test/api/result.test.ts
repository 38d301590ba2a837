import { expect, test } from 'vitest';
import { job, openReadOnly } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const retry = { max: 2, backoff: { initial: '10ms', max: '10ms' } };

test('a result counts the runs that it took, and counts anew when somebody asks anew', async () => {
  const stateDir = temporaryDirectory();
  const reeve = await opened({
    stateDir,
    start: false,
    units: [
      job({ id: 'fails', command: 'exit 7', retry }),
      job({ id: 'ends', command: 'mkdir begun || exit 0; exit 1', cwd: temporaryDirectory(), retry }),
    ],
  });
  const attempts = async (id: string) => {
    await reeve.unit(id).start();
    await reeve.unit(id).reached('settled', { within: '20s' });
    const result = await reeve.unit(id).result();
    return [result.outcome, result.code, result.attempts];
  };
  const never = (await reeve.unit('ends').result()).attempts;
  const told = [never, await attempts('fails'), await attempts('ends'), await attempts('ends')];
  const files = openReadOnly(stateDir);
  const recorded = [(await files.result('fails')).attempts, (await files.result('ends')).attempts];
  files.close();
  expect([told, recorded]).toEqual([
    [0, ['failed', 7, 3], ['finished', 0, 2], ['finished', 0, 1]],
    [3, 1],
  ]);
});
