import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { recordHeader } from '../../../src/adapters/process/record.ts';
import { runPaths } from '../../../src/adapters/process/run-directory.ts';
import { verdictOn } from '../../../src/adapters/process/verdict.ts';
import { localWorld } from '../../../src/adapters/system/identity.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

test('an end that is written down while it is asked who lives is not missed', async () => {
  const dead = spawn('true');
  await once(dead, 'exit');
  const paths = runPaths(temporaryDirectory(), 'job.1');
  mkdirSync(paths.directory, { recursive: true });
  const early = `${recordHeader(localWorld(), null)}launcher ${dead.pid} 1\nchild ${dead.pid} 1\n`;
  writeFileSync(paths.record, early);
  let reads = 0;
  const whileItEnds = {
    ...paths,
    get record() {
      if (++reads === 2) writeFileSync(paths.record, `${early}exit 7 1.00\n`);
      return paths.record;
    },
  };
  expect(verdictOn(whileItEnds, null)).toMatchObject({ is: 'ended', exit: { code: 7 } });
});
