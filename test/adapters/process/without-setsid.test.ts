/** Where there is no setsid(1), a command has no session of its own. What is promised of a run is true all the same. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findProgram } from '../../../src/adapters/process/resolve.ts';
import { TOOLS_PATH } from '../../../src/adapters/process/script.ts';
import { isAlive } from '../../../src/adapters/system/identity.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { gone, guardians, STOP, soon } from './guardians.ts';
import { leaving, swept } from './leaving.ts';
import { again, closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

async function bareRig(): Promise<Rig> {
  const tools = temporaryDirectory();
  for (const tool of ['mkfifo', 'sleep']) symlinkSync(findProgram(tool, '/', TOOLS_PATH), join(tools, tool));
  return openRig(process.env, { toolsPath: tools });
}

test('it is said, and a command shares session and group of its launcher', async () => {
  const rig = await bareRig();
  const { text } = await rig.run({ command: ['cut', '-d ', '-f1,4,5,6', '/proc/self/stat'] });
  const [own, launcher, group, session] = text.trim().split(' ');
  expect([own === launcher, group, session]).toEqual([false, launcher, launcher]);
  expect(rig.warnings).toEqual([
    'no setsid on this system: a command shares the group of its launcher, and is signalled alone',
  ]);
});

test.each([
  ['terminate', 'SIGTERM'],
  ['kill', 'SIGKILL'],
] as const)(
  'a signal that is to end it by %s reaches it, and not the launcher, who records it',
  async (how, signal) => {
    const rig = await bareRig();
    const { call, launched } = await rig.launch({ command: ['sleep', '1000'] });
    await rig.driver.endRun(again(call, launched.handle), how);
    expect((await rig.fact('run.exited', call)).exit).toMatchObject({ code: null, signal, certain: true });
  },
);

test.each([
  ['a child without an environment', `env -i sh -c 'echo $$; exec sleep 1000' & sleep 0`],
  ['a grandchild in a session of its own', `setsid sh -c 'echo $$; exec sleep 1000' & sleep 0`],
])('%s is swept', async (_, command) => {
  const rig = await bareRig();
  const { call, strays } = await leaving(rig, command);
  expect([await swept(rig, call, 'terminate'), strays.map(isAlive)]).toEqual([[], [false]]);
});

test('what is to stop with its orchestrator does, and says by whom', async () => {
  const rig = await bareRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  await rig.driver.close();
  await gone(launched.handle.identity!);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
  const next = await rig.reopen();
  expect(await next.driver.sight(call.run)).toMatchObject({
    is: 'ended',
    exit: { signal: 'SIGTERM', certain: true, by: 'orchestrator-death' },
  });
});
