import { expect, test } from 'vitest';
import { type Ancestor, limitForCommands } from '../../../src/adapters/process/open-files-limit.ts';
import { startProgram } from '../../support/host.ts';
import { stateDirectory } from '../../support/state-directory.ts';

const NODE: Ancestor = { pid: 30, program: 'node', openFiles: { soft: 4096, hard: 4096 } };
const shell = (soft: number, hard = 4096): Ancestor => ({ pid: 20, program: 'bash', openFiles: { soft, hard } });

test.each<[string, readonly Ancestor[], number | null]>([
  ['the shell that started us has', [shell(1024), shell(256)], 1024],
  ['the shell that started npm has, which started us', [NODE, NODE, shell(1024)], 1024],
  ['we have, where the shell was given all', [shell(4096), shell(1024)], null],
  ['we have, where our own hard limit is lower than what the shell has', [shell(8192, 8192)], null],
  ['we have, where nobody but Node is known', [NODE], null],
  ['we have, where the first process of all started us', [{ ...shell(1024), pid: 1 }], null],
  ['we have, where systemd did, which gives others than its own', [{ ...shell(1024), program: 'systemd' }], null],
  ['somebody else has, whose program cannot be told', [{ ...shell(1024), program: null }], 1024],
  ['we have, where that of somebody else cannot be read', [{ ...shell(1024), openFiles: null }, shell(1024)], null],
])('a command may have as many open files as %s', (_, ancestors, expected) => {
  expect(limitForCommands({ soft: 4096, hard: 4096 }, ancestors)).toBe(expected);
});

test.each([
  ['forks by itself', 0],
  ['has a spawner', 200],
])('where reeve %s, a command has the limits of the shell that started us, and not those of Node', async (_, held) => {
  const program = `
    const held = Buffer.alloc(${held} * 2 ** 20, 1);
    await using reeve = await openReeve({ stateDir });
    const limits = job({ id: 'limits', command: 'echo $(ulimit -Sn) $(ulimit -Hn)' });
    console.log('limits', (await reeve.run(limits)).output.tail);
    globalThis.held = held;`;
  // The shell stays, as that of a person does: it is not replaced by what it starts.
  const birth = { under: ['/bin/sh', '-c', 'ulimit -Sn 333; ulimit -Hn 900; "$@"; exit', 'sh'] };
  const host = startProgram(stateDirectory(), program, birth);
  expect(await host.said('limits ')).toBe('333 900');
  await host.ended;
});
