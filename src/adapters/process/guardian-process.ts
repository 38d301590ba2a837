import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../actors/ports.ts';
import { isFault } from '../../machines/errors.ts';
import { localWorld } from '../system/identity.ts';
import { LaunchRefused, refusalOf } from './errors.ts';
import { GUARDIAN_SCRIPT } from './guardian-script.ts';
import { coverInherited, inheritedDescriptors } from './inherited-descriptors.ts';
import type { ForkOrder } from './launch-fork.ts';
import { installScript } from './script.ts';
import { socketPair } from './socket-pair.ts';
import type { Forks } from './spawner.ts';

/** A guardian, as we speak with it. */
export interface GuardianProcess {
  readonly pid: number | null;
  /** Ends when we do, however we do. */
  readonly input: Writable;
  /** By what it has ended. Never rejects. */
  readonly ended: Promise<string>;
  kill(): void;
}

export interface GuardianOrder {
  readonly stateDir: string;
  readonly name: string;
  readonly toolsPath: string;
  readonly clock: Clock;
}

/** A shell is there in milliseconds; one that is not there by then is not coming. */
const READY_WITHIN_MS = 5_000;
const WHAT = 'start the guardian';

/**
 * Starts a guardian in the state directory, in a session of its own, and waits until it is there.
 *
 * @throws {LaunchRefused} It never will be. Nothing of it is left.
 */
export async function startGuardian(order: GuardianOrder, forks: Forks | null): Promise<GuardianProcess> {
  const { stateDir, name, toolsPath, clock } = order;
  const script = installScript(stateDir, 'guardian', GUARDIAN_SCRIPT);
  const { bootId, pidNamespace } = localWorld();
  const words = ['/bin/sh', script, name, bootId, pidNamespace];
  const program = { words, cwd: stateDir, env: { PATH: toolsPath } };
  const { output, ...guardian } = await (forks ? startThere(forks, program) : startHere(program));
  // It may be gone when we say something, or goodbye.
  guardian.input.on('error', () => {});
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (reason: string) => reject(new LaunchRefused({ what: WHAT, errno: 'EAGAIN', reason }));
  void guardian.ended.then((how) => refuse(`it ended by ${how}.`));
  const cancel = clock.setTimer(READY_WITHIN_MS, () => refuse(`it was not there within ${READY_WITHIN_MS} ms.`));
  output.once('data', () => resolve());
  try {
    await promise;
  } catch (error) {
    guardian.kill();
    guardian.input.destroy();
    throw error;
  } finally {
    cancel();
  }
  return guardian;
}

type Started = GuardianProcess & { readonly output: Readable };

async function startHere({ words: [file = '', ...args], cwd, env }: ForkOrder): Promise<Started> {
  const stdio = coverInherited(['pipe', 'pipe', 'ignore'], await inheritedDescriptors());
  const child = spawn(file, args, { cwd, env, stdio, detached: true });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  await once(child, 'spawn').catch(refused);
  child.unref();
  const { stdin, stdout, pid = null } = child;
  if (!stdin || !stdout) throw new TypeError('a guardian has its input and its output by pipes');
  return { pid, input: stdin, output: stdout, ended, kill: () => void child.kill('SIGKILL') };
}

/** One socket is both. It outlives the spawner, and so does what we hear by it; only the end has two witnesses. */
async function startThere(forks: Forks, program: ForkOrder): Promise<Started> {
  const [ours, theirs] = await socketPair(program.cwd);
  const closed = new Promise((resolve) => ours.once('close', resolve));
  try {
    const { begun, ended, kill } = forks.fork(program, [], theirs);
    const pid = await begun.catch(refused);
    ours.unref();
    return { pid, input: ours, output: ours, ended: closed.then(() => ended), kill };
  } catch (error) {
    ours.destroy();
    throw error;
  } finally {
    theirs.destroy();
  }
}

function refused(error: unknown): never {
  throw isFault(error) ? error : refusalOf(WHAT, error);
}
