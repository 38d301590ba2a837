import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '../../actors/ports.ts';
import { problemOf } from '../../machines/errors.ts';
import type { ProcessIdentity } from '../../machines/vocabulary.ts';
import { LaunchRefused } from './errors.ts';
import { hasGuardedRuns } from './guardian-policy.ts';
import { type GuardianProcess, startGuardian } from './guardian-process.ts';
import { TOOLS_PATH } from './script.ts';
import type { Forks } from './spawner.ts';

/** How long after the death of a guardian the next one is started, and after one that could not be started. */
const NEXT_MS = 200;
const AGAIN_MS = 2_000;
/** With nothing left to end it goes at once. */
const GONE_WITHIN_MS = 1_000;

/**
 * Whoever ends what may not outlive us, when we are dead: one small process, started when the first run needs it.
 *
 * 1. It stands before the first such run is launched, and as long as we live; a dead one is replaced.
 * 2. Of several orchestrators, one after the other, only the guardian of the last is in charge: its name is in `owner`.
 *    That file is there only while runs may be that must not outlive their orchestrator.
 */
export interface Guardian {
  /** Takes over from the guardian of an earlier orchestrator, where something may still run that it watches over. */
  takeOver(): Promise<void>;
  /**
   * Resolves once it stands.
   *
   * @throws {LaunchRefused} None can be started.
   */
  stand(): Promise<void>;
  /** Ends this process group when we die, until the answer is called. Whoever comes to stand later is told of it. */
  guard(leader: ProcessIdentity): () => void;
  /** Sends it away. With `leave`, what still runs is left on purpose; otherwise it is ended as if we had died. */
  close(leave: boolean): Promise<void>;
}

export interface GuardianOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly toolsPath?: string;
  /** Who starts one where a fork of ours is dear. */
  readonly standing: () => Promise<Forks | null>;
}

export function openGuardian({ stateDir, clock, log, toolsPath = TOOLS_PATH, standing }: GuardianOptions): Guardian {
  const instance = randomBytes(4).toString('hex');
  let started = 0;
  /** The guardian that is in charge. */
  let named = '';
  const owner = join(stateDir, 'owner');
  const wards = openWards();
  let current: Promise<GuardianProcess> | null = null;
  let cancelNext = (): void => {};
  let closed = false;

  async function stand(): Promise<GuardianProcess> {
    if (closed) throw new LaunchRefused({ what: 'start the guardian', errno: 'ECANCELED', reason: 'this is over.' });
    current ??= start().catch((error: unknown) => {
      current = null;
      throw error;
    });
    return current;
  }
  async function start(): Promise<GuardianProcess> {
    // A name of its own: one that loses us before it is in charge must not take that for our death.
    const name = `${instance}-${++started}`;
    const guardian = await startGuardian({ stateDir, name, toolsPath, clock }, await standing());
    try {
      wards.toldTo(guardian);
      // Only now: until somebody is there to take over, the earlier one stays in charge.
      writeFileSync(`${owner}.${name}`, `${name}\n`, { mode: 0o600 });
      renameSync(`${owner}.${name}`, owner);
      named = name;
    } catch (error) {
      wards.toldTo(null);
      guardian.kill();
      throw error;
    }
    void guardian.ended.then((how) => {
      wards.toldTo(null);
      if (closed) return;
      log.warn({ pid: guardian.pid }, `the guardian has ended, by ${how}; another follows`);
      current = null;
      next(NEXT_MS);
    });
    return guardian;
  }
  function next(waitMs: number): void {
    cancelNext();
    cancelNext = clock.setTimer(waitMs, () => void stand().catch(tryAgain));
  }
  function tryAgain(error: unknown): void {
    if (closed) return;
    log.error({}, `nobody ends what may not outlive us: ${problemOf(error).message} It is tried again.`);
    next(AGAIN_MS);
  }

  return {
    async takeOver() {
      if (!existsSync(owner)) return;
      // Without a name in it, an earlier guardian that still waits has nobody to act for.
      if (!hasGuardedRuns(stateDir)) return rmSync(owner, { force: true });
      await stand().catch(tryAgain);
    },
    stand: async () => void (await stand()),
    guard: wards.guard,
    async close(leave) {
      closed = true;
      wards.toldTo(null);
      cancelNext();
      const guardian = await current?.catch(() => null);
      current = null;
      if (!guardian || !(await goes(guardian, leave, clock)) || leave) return;
      // The next orchestrator may be there already.
      if (existsSync(owner) && readFileSync(owner, 'latin1').trim() === named) rmSync(owner);
    },
  };
}

/** Commands that end with us, and the guardian that knows of them. */
function openWards() {
  const wards = new Set<string>();
  let guardian: GuardianProcess | null = null;
  // The kernel has it when this returns: it is heard also if we die at once.
  const tell = () => guardian?.input.write(`${['also', ...wards].join(' ')}\n`);
  return {
    toldTo(next: GuardianProcess | null): void {
      guardian = next;
      if (wards.size > 0) tell();
    },
    guard({ pid, startTicks }: ProcessIdentity): () => void {
      const ward = `${pid}:${startTicks}`;
      wards.add(ward);
      tell();
      return () => {
        if (wards.delete(ward)) tell();
      };
    },
  };
}

/** `true`: it has gone. One that is to leave everything must not be there when we are not; another has work to do. */
async function goes(guardian: GuardianProcess, leave: boolean, clock: Clock): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  void guardian.ended.then(() => resolve(true));
  guardian.input.end(leave ? 'leave\n' : '');
  const cancel = clock.setTimer(GONE_WITHIN_MS, () => {
    if (leave) guardian.kill();
    resolve(false);
  });
  return promise.finally(cancel);
}
