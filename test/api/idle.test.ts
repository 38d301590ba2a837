import { expect, test } from 'vitest';
import { job } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { temporaryDirectory } from '../support/temporary.ts';

test('a job that does nothing that can be seen is stopped as idle; one that prints or computes is not', async () => {
  const idle = { after: '1s', then: 'stop' } as const;
  const units = [
    job({ id: 'sleeps', command: ['sleep', '60'], idle }),
    job({ id: 'prints', command: 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.25; done', idle }),
    job({ id: 'computes', command: ['node', '-e', 'const end = Date.now() + 3000; while (Date.now() < end);'], idle }),
  ];
  const reeve = await opened({ stateDir: temporaryDirectory(), units });
  await Promise.all(units.map(({ id }) => reeve.unit(id).reached('settled', { within: '30s' })));
  const kinds = units.map(({ id }) => reeve.unit(id).history()[0]?.outcome?.kind);
  expect(kinds).toEqual(['idle', 'finished', 'finished']);
});
