#!/usr/bin/env node
import { complaintAbout } from './node-version.ts';

const complaint = complaintAbout(process.versions.node);
if (complaint === null) {
  // Not before: an old Node stumbles over the first native module, with a stack trace.
  const { run } = await import('./run.ts');
  process.exitCode = await run(process.argv.slice(2));
} else {
  process.stderr.write(`${complaint}\n`);
  process.exitCode = 1;
}
