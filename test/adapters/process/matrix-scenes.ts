import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Report } from '../../../src/actors/ports.ts';
import { readRecord } from '../../../src/adapters/process/record.ts';
import { identify, localWorld } from '../../../src/adapters/system/identity.ts';
import type { ProcessIdentity } from '../../../src/machines/vocabulary.ts';
import { stateDirectory } from '../../support/state-directory.ts';
import { type Crashable, openCrashable, slowLauncher, UNIT } from './crashable.ts';

/** Says that it runs, ends with 7 by SIGUSR1, and with 0 by SIGTERM, or by the second one where it is patient. */
export const COMMAND = `
  echo "$REEVE_RUN $$" >>"$WITNESS"
  trap 'exit 7' USR1
  trap 'if [ -n "$PATIENT" ]; then PATIENT= && echo heard >>"$WITNESS"; else exit 0; fi' TERM
  while :; do sleep 0.02; done`;

/** One orchestrator with one unit, and what can be seen of it from outside. */
export interface Scene {
  readonly stateDir: string;
  readonly unit: Crashable;
  /** Somebody whom all this does not concern. */
  readonly stranger: ProcessIdentity;
  /** What the commands themselves say, in a file that reeve does not know of. */
  launches(): readonly { readonly runId: string; readonly pid: number }[];
  /** Whether one of them has said this: `heard`, by who waits for a second SIGTERM, `asked`, `stray`. */
  said(word: string): boolean;
  /** Where the first run keeps its files. */
  directory(): string;
  /** Another orchestrator, on the same directory. */
  reopen(): Promise<Crashable>;
}

export interface State {
  readonly spec?: object;
  /** Starts it, and waits until it is there. */
  reach(scene: Scene, world: World): Promise<void>;
}

export interface World {
  readonly before?: (scene: Scene) => void;
  /** How many launches happen before the crash. */
  readonly launches?: number;
  /** What the crash waits for. */
  readonly begun?: (scene: Scene) => Promise<void>;
  /** What happens while nobody orchestrates. */
  readonly meanwhile: (scene: Scene) => Promise<void>;
  /** What happens when somebody does again. */
  readonly later?: (scene: Scene) => void;
}

export async function sceneFor({ spec = {} }: State): Promise<Scene> {
  const [stateDir, outside] = [stateDirectory(), stateDirectory()];
  const witness = join(outside, 'witness');
  writeFileSync(witness, '');
  const { env = {}, ...more } = spec as { readonly env?: object };
  const program = { command: COMMAND, restart: 'never', env: { set: { WITNESS: witness, ...env } }, ...more };
  const unit = await openCrashable(stateDir, program);
  const words = () =>
    readFileSync(witness, 'utf8')
      .split('\n')
      .map((line) => line.split(' '));
  let directory: string | null = null;
  return {
    stateDir,
    unit,
    stranger: startStranger(),
    launches: () =>
      words().flatMap(([marker = '', pid]) =>
        pid === undefined ? [] : { runId: marker.split('/').at(-1)!, pid: Number(pid) },
      ),
    said: (wanted) => words().some(([word]) => word === wanted),
    directory() {
      directory ??= join(stateDir, 'runs', unit.runs()[0]!.runId);
      return directory;
    },
    reopen: () => openCrashable(stateDir, program),
  };
}

function startStranger(): ProcessIdentity {
  const stranger = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  const gone = once(stranger, 'exit');
  onTestFinished(async () => {
    stranger.kill('SIGKILL');
    await gone;
  });
  return identify(stranger.pid!)!;
}

export const recordOf = (scene: Scene) => readRecord(join(scene.directory(), 'record'));

/** Starts it, and waits until it is where it is to be killed. */
export async function start(scene: Scene, world: World, state: string): Promise<void> {
  world.before?.(scene);
  scene.unit.orchestrator.request(UNIT, 'start.requested', 'test').catch(() => {});
  await expect.poll(() => scene.launches().length, { timeout: 10_000 }).toBe(world.launches ?? 1);
  await expect.poll(scene.unit.state, { timeout: 10_000 }).toBe(state);
}

const leaveNothing = async (scene: Scene): Promise<void> => {
  await endUnseen(scene);
  rmSync(scene.directory(), { recursive: true });
};

export const WORLDS = {
  'it lives': { meanwhile: nothing },
  'it ended with a record': {
    async meanwhile(scene) {
      if (recordOf(scene)?.exit) return;
      process.kill(scene.launches()[0]!.pid, 'SIGUSR1');
      await expect.poll(() => recordOf(scene)?.exit, { timeout: 10_000 }).toMatchObject({ code: 7 });
    },
  },
  'it ended without a record': { meanwhile: endUnseen },
  'the launch was never begun': {
    launches: 0,
    before: ({ unit }) => {
      unit.interference.lame = true;
    },
    meanwhile: nothing,
  },
  'the launch was prepared, and never claimed': {
    launches: 0,
    before: ({ unit }) => {
      unit.interference.lame = true;
    },
    async meanwhile(scene) {
      mkdirSync(scene.directory());
      writeFileSync(join(scene.directory(), 'record'), '\n\n');
    },
  },
  'nothing of it is left': { meanwhile: leaveNothing },
  'it is claimed, and says who it is when we are back': {
    ...slowly(),
    later: (scene) => writeFileSync(join(scene.directory(), 'go'), ''),
  },
  'it is claimed, and its launcher dies when we are back': {
    ...slowly(),
    later: (scene) => process.kill(-recordOf(scene)!.launcher!.pid, 'SIGKILL'),
  },
  'it is claimed, and its launcher died': {
    ...slowly(),
    meanwhile: async (scene) => {
      const { pid } = recordOf(scene)!.launcher!;
      process.kill(-pid, 'SIGKILL');
      await expect.poll(() => identify(pid)).toBeNull();
    },
  },
  'only its claim is left, and it lives': {
    async meanwhile(scene) {
      const directory = scene.directory();
      for (const name of readdirSync(directory)) if (name !== 'claim') rmSync(join(directory, name));
    },
  },
  'its pid is a stranger’s': {
    before: ({ unit, stranger }) => {
      unit.interference.forge = (said) => forged(said, another(stranger));
    },
    async meanwhile(scene) {
      await endUnseen(scene);
      const { bootId, pidNamespace } = localWorld();
      const { pid, startTicks } = another(scene.stranger);
      const lines = [`run 1 ${bootId} ${pidNamespace}`, `launcher ${pid} ${startTicks}`, `child ${pid} ${startTicks}`];
      writeFileSync(join(scene.directory(), 'record'), `${lines.join('\n')}\n\n\n`);
    },
  },
} satisfies Record<string, World>;

async function nothing(): Promise<void> {}

/** The command is gone, and whoever should have written it down was gone before. */
export async function endUnseen(scene: Scene): Promise<void> {
  const { launcher, child } = recordOf(scene) ?? {};
  for (const identity of [launcher, child]) {
    if (!identity || !identify(identity.pid)) continue;
    process.kill(-identity.pid, 'SIGKILL');
    await expect.poll(() => identify(identity.pid)).toBeNull();
  }
}

function slowly() {
  return {
    launches: 0,
    before: ({ stateDir }: Scene) => slowLauncher(stateDir),
    async begun(scene: Scene) {
      await expect.poll(() => recordOf(scene)?.launcher, { timeout: 10_000 }).toBeTruthy();
      expect(recordOf(scene)?.child).toBeNull();
    },
    meanwhile: nothing,
  };
}

/** The same pid, and another process: it started a tick earlier. */
const another = (who: ProcessIdentity): ProcessIdentity => ({ ...who, startTicks: `${Number(who.startTicks) - 1}` });

function forged(said: Report, identity: ProcessIdentity): Report {
  if (said.fact.type !== 'run.launched') return said;
  return { ...said, fact: { ...said.fact, handle: { pid: identity.pid, identity, launcher: identity } } };
}
