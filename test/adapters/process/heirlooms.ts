import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isHeld } from '../../../src/adapters/process/liveness.ts';
import type { Birth, Host } from '../../support/host.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

export interface Heirlooms {
  /** Starts a host that is born with both. */
  give(start: (birth: Birth) => Host): Host;
  /** How many of them a process has open. */
  countIn(pid: number): number;
  /** Whether anybody has the FIFO open: who waits for the end of it waits for them all. */
  areHeld(): boolean;
}

/** A file and an end of a FIFO, at numbers where Node leaves open what it was born with. */
export function heirlooms(): Heirlooms {
  const [file, fifo] = ['/etc/passwd', join(temporaryDirectory(), 'fifo')];
  execFileSync('mkfifo', [fifo]);
  return {
    give(start) {
      const descriptors = { 20: openSync(file, 'r'), 251: openSync(fifo, constants.O_RDWR) };
      const host = start({ descriptors });
      for (const descriptor of Object.values(descriptors)) closeSync(descriptor);
      return host;
    },
    countIn: (pid) => openIn(pid).filter((path) => path === file || path === fifo).length,
    areHeld: () => isHeld(fifo) ?? false,
  };
}

const openIn = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
