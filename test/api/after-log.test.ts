import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { server } from '../../src/index.ts';
import { opened } from '../support/opened.ts';
import { stateDirectory } from '../support/state-directory.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { eventually } from '../support/waiting.ts';

test('what waits for a line that another prints begins by it, also when nobody was there to hear it', async () => {
  const [stateDir, cwd] = [stateDirectory(), temporaryDirectory()];
  mkdirSync(join(cwd, 'go'));
  const db = 'echo starting; while [ -e go ]; do sleep 0.05; done; echo listening on 80; exec sleep 1000';
  const units = [
    server({ id: 'db', command: db, cwd }),
    server({ id: 'api', command: ['sleep', '1000'], after: { db: 'log:/^listening on \\d+$/' } }),
    server({ id: 'early', command: ['sleep', '1000'], after: { db: 'log:/^starting$/' } }),
  ];
  const first = await opened({ stateDir, units, onOrchestratorDeath: 'adopt' });
  await first.unit('early').reached('running', { within: '15s' });
  const { run } = first.unit('db').status();
  expect(first.unit('api').status().why).toBe('waits for db to print /^listening on \\d+$/ (it is healthy)');
  await first.close({ leave: true });
  rmdirSync(join(cwd, 'go'));
  const second = await opened({ stateDir, units });
  await second.unit('api').reached('running', { within: '15s' });
  const seen = await eventually(
    () => second.unit('db').status(),
    ({ run: now }) => now?.adopted === true,
  );
  expect(seen.run?.runId).toBe(run?.runId);
});
