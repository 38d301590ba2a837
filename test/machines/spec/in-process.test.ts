import { expect, test } from 'vitest';
import { decodeProject, decodeUnit, InvalidSpec, printFault } from '../../../src/machines/spec.ts';

const run = () => 'done';

function wordsOf(decode: () => unknown): readonly string[] {
  try {
    decode();
    return [];
  } catch (error) {
    if (!(error instanceof InvalidSpec)) throw error;
    return error.faults.map(printFault);
  }
}

test('a job that is a function is plain data, and has nothing of a process', () => {
  expect(decodeUnit({ id: 'index', kind: 'job', run, timeout: '5m', stop: { grace: '1s' } })).toEqual({
    id: 'index',
    kind: 'job',
    run: 'in-process',
    after: {},
    group: null,
    idle: null,
    restart: expect.objectContaining({ when: 'never', max: 0 }),
    timeout: 300_000,
    queue: null,
    priority: 0,
    delay: 0,
    stop: { grace: 1_000 },
    onOrchestratorDeath: 'fail',
  });
});

const INSTEAD = 'give the job a command; job({ id, run }) is for programs that hold the library';

test.each([
  ['a command', 'npm run index', `units.index.run: is not a function; ${INSTEAD}`],
  ['the word of the journal', 'in-process', `units.index.run: is not a function; ${INSTEAD}`],
  ['a function', run, `units.index.run: a function cannot be written in a project file; ${INSTEAD}`],
])('of a file with %s it is said that no file has functions', (_, given, words) => {
  expect(wordsOf(() => decodeProject({ units: { index: { kind: 'job', run: given } } }))).toEqual([words]);
});

test.each([
  [{ run: 3 }, `run: is not a function; ${INSTEAD}`],
  [{ run, command: 'x' }, 'command: a job that is a function has no "command"; leave it out'],
  [{ run, ready: { tcp: 1 } }, 'ready: a job that is a function has no "ready"; leave it out'],
  [{ run, stop: { signal: 'SIGINT' } }, 'stop.signal: there is no option "signal"; the options here are grace'],
  [
    { run, onOrchestratorDeath: 'adopt' },
    'onOrchestratorDeath: "adopt" is not fail or rerun; a function cannot outlive its program',
  ],
])('of the job %j it is said what is wrong', (options, words) => {
  expect(wordsOf(() => decodeUnit({ id: 'index', kind: 'job', ...options }))).toEqual([words]);
});
