import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadStates } from '../../src/store/projections/states.ts';
import { openStore } from '../../src/store/store.ts';
import { directories } from './directory.ts';

const directory = directories();
const program = fileURLToPath(new URL('./fixtures/commit-loop.ts', import.meta.url));

test('a SIGKILL amid commits loses no tick that was committed and leaves no part of one that was not', async () => {
  const path = join(directory(), 'reeve.db');
  for (const ticks of [1, 40, 333]) {
    const acknowledged = await commitUntilKilled(path, ticks);
    // As `status` reads it, with nobody there to repair anything.
    const store = openStore({ path, readonly: true });
    const seqs = [...store.journal()].map(({ seq }) => seq);
    const last = store.lastSeq();
    expect({
      isGapless: seqs.every((seq, index) => seq === index + 1),
      isWholeTicks: last % 3,
      hasAcknowledged: last >= acknowledged,
      state: loadStates(store),
    }).toMatchObject({
      isGapless: true,
      isWholeTicks: 0,
      hasAcknowledged: true,
      state: [{ seq: last, context: { count: last } }],
    });
    store.close();
  }
});

/** Answers with the last `seq` that the child said was committed before it died. */
async function commitUntilKilled(path: string, ticks: number): Promise<number> {
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let acknowledged = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (++lines === ticks) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
}
