import { globSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openReeve,
  type ProjectSpec,
  parseDuration,
  problemOf,
  type Reeve,
  type UnitSpec,
  type UnitStatus,
} from '../../index.ts';
import { type Context, warningsTo } from './context.ts';
import { StepFailed } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { victimOf } from './victim.ts';

const STEP_WITHIN = '20s';

/** Where a scenario stands, and how it says so. */
interface Scene {
  readonly reeve: Reeve;
  readonly project: ProjectSpec;
  /** Every process that was seen, so that the end can be checked. */
  readonly pids: Set<number>;
  step(words: string, act: () => Promise<string>): Promise<void>;
}

/**
 * The whole life of a project in a fresh state directory: start, finish the jobs, survive a kill, see a file change,
 * stop.
 *
 * It acts on whatever units the project has. What the project has no unit for is left out.
 *
 * @throws {StepFailed}
 */
export async function runOnce({ terminal, env, json }: Context, project: ProjectSpec): Promise<number> {
  const stateDir = mkdtempSync(join(tmpdir(), 'reeve-once-'));
  const logger = warningsTo(terminal.say);
  try {
    const { units, groups, queues, name } = project;
    const reeve = await openReeve({ stateDir, env, units, groups, queues, name, logger });
    const pids = new Set<number>();
    const steps: string[] = [];
    const tell = (line: string): void => {
      steps.push(line);
      if (!json) terminal.print(line);
    };
    const unobserve = reeve.observe(({ event }) => {
      if (event.type === 'run.launched' && event.handle.pid !== null) pids.add(event.handle.pid);
    });
    try {
      await play({ reeve, project, pids, step: (words, act) => take(words, act, tell) });
    } finally {
      unobserve();
      await reeve.close();
    }
    if (json) terminal.printJson({ steps });
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
  return EXIT.done;
}

async function take(words: string, act: () => Promise<string>, tell: (line: string) => void): Promise<void> {
  try {
    tell(`✓ ${words}: ${await act()}`);
  } catch (error) {
    throw new StepFailed({ step: words, why: problemOf(error).message });
  }
}

async function play(scene: Scene): Promise<void> {
  const { reeve, project, step, pids } = scene;
  const servers = project.units.filter(({ kind }) => kind === 'server');
  const watchers = project.units.filter(({ kind }) => kind === 'watcher');
  for (const { id } of servers) {
    await step(`${id} is ready`, async () => whereabouts(await reached(reeve, id, 'ready')));
  }
  for (const { id } of watchers) {
    await step(`${id} watches`, async () => (await reached(reeve, id, 'running')).state);
  }
  for (const { id } of project.units.filter(({ kind }) => kind === 'job')) {
    await step(`${id} has finished`, async () => {
      await reached(reeve, id, 'finished');
      return `it said "${(await reeve.unit(id).result()).output.tail.trim().split('\n').at(-1) ?? ''}"`;
    });
  }
  const victim = servers[0];
  if (victim) await step(`${victim.id} is killed from outside, and comes back`, () => survivesKill(reeve, victim.id));
  for (const watcher of watchers) await touchFile(scene, watcher);
  await step('everything is stopped', async () => {
    await reeve.down();
    return `${[...pids].filter(isAlive).length} of ${pids.size} processes are left`;
  });
  const left = [...pids].filter(isAlive);
  if (left.length > 0) throw new StepFailed({ step: 'nothing is left', why: `these still live: ${left.join(', ')}` });
}

async function survivesKill(reeve: Reeve, id: string): Promise<string> {
  const before = reeve.unit(id).status();
  const pid = victimOf(before);
  const again = nextRun(reeve, before);
  process.kill(pid, 'SIGKILL');
  return `${whereabouts(before)} → ${whereabouts(await again)}`;
}

async function touchFile({ reeve, step }: Scene, watcher: UnitSpec): Promise<void> {
  if (watcher.kind !== 'watcher') return;
  const [file] = globSync([...watcher.files], { cwd: watcher.cwd });
  const target = watcher.then.restart[0];
  if (file === undefined || target === undefined) return;
  await step(`${file} changes, and ${watcher.id} restarts ${target}`, async () => {
    const before = await reached(reeve, target, 'ready');
    const again = nextRun(reeve, before);
    const now = new Date();
    utimesSync(join(watcher.cwd, file), now, now);
    return `${whereabouts(before)} → ${whereabouts(await again)}`;
  });
}

const reached = (reeve: Reeve, id: string, milestone: 'ready' | 'running' | 'finished'): Promise<UnitStatus> =>
  reeve.unit(id).reached(milestone, { within: STEP_WITHIN });

/** Resolves when the unit is ready again, in a later run. To be called before anything happens to the one it has. */
async function nextRun(reeve: Reeve, { id, run }: UnitStatus): Promise<UnitStatus> {
  const withinMs = parseDuration(STEP_WITHIN, 'step');
  const signal = AbortSignal.timeout(withinMs);
  const { promise, resolve, reject } = Promise.withResolvers<UnitStatus>();
  const look = (): void => {
    const now = reeve.unit(id).status();
    if (now.ready && now.run !== null && now.run.generation > (run?.generation ?? 0)) resolve(now);
  };
  const late = (): void => reject(new Error(`no new run was ready within ${STEP_WITHIN}`));
  signal.addEventListener('abort', late, { once: true });
  const unobserve = reeve.observe(look);
  return promise.finally(() => {
    unobserve();
    signal.removeEventListener('abort', late);
  });
}

const whereabouts = ({ run, port }: UnitStatus): string =>
  `pid ${run?.pid ?? '-'}${port === null ? '' : ` on port ${port}`}`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
