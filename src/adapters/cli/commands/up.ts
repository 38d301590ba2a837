import { basename } from 'node:path';
import { type ProjectSpec, type ProjectStatus, problemOf, type Reeve, type UnitStatus } from '../../../index.ts';
import { loadConfig } from '../../config/load.ts';
import { connectControl } from '../../http/client.ts';
import type { Context } from '../context.ts';
import { announce, startOrchestrator } from '../detach.ts';
import { EXIT } from '../exit-codes.ts';
import { leftOverWords } from '../left-over.ts';
import { runOnce } from '../once.ts';
import { liveTable } from '../render/live-table.ts';
import { stateWords } from '../render/status-table.ts';
import { openSession, type Session } from '../session.ts';
import { requireControl } from '../view.ts';
import { withoutOldRuns } from './run-id.ts';
import { type PlanFlags, upLive } from './up-live.ts';

export interface UpOptions extends PlanFlags {
  readonly file?: string;
  readonly detach?: boolean;
  /** Goes through the whole life of the project once, as a demonstration, and ends. */
  readonly once?: boolean;
  /** No units of its own: somebody wants to run things in the background. */
  readonly empty?: boolean;
  /** Started by `startOrchestrator`, which waits to hear of us. */
  readonly announce?: boolean;
}

/**
 * Starts everything, and stays until it is interrupted or told to go `down`. Where somebody orchestrates already, makes
 * them go by the file as it is now, and returns.
 */
export async function up(context: Context, options: UpOptions): Promise<number> {
  if (options.announce) return detached(context, options);
  const project = await projectFor(context, options);
  if (options.once) return runOnce(context, project);
  const live = options.plan ? await requireControl(context) : await connectControl(context.stateDir);
  if (live) return upLive(context, live, project, options);
  if (options.detach) return detach(context, project, options);
  return attended(context, project);
}

async function projectFor({ cwd, env }: Context, { file, empty }: UpOptions): Promise<ProjectSpec> {
  if (empty) return { name: basename(cwd) || 'project', groups: {}, queues: {}, units: [] };
  return (await loadConfig({ cwd, env, ...(file !== undefined && { file }) })).project;
}

/** The project was read here too, so that its faults are told at once. */
async function detach(context: Context, project: ProjectSpec, { file }: UpOptions): Promise<number> {
  const { terminal, json } = context;
  await startOrchestrator(context, file === undefined ? [] : ['-f', file]);
  const status = await (await requireControl(context)).status();
  const leftOver = leftOverWords(status.units, project);
  if (leftOver !== null) terminal.say(leftOver);
  if (json) terminal.printJson(status);
  else terminal.say('It runs in the background. Try `reeve status`, `reeve logs <unit> -f`, `reeve down`.');
  return EXIT.done;
}

/** In the background: whoever waits hears of the beginning; the log gets warnings, the journal has all the rest. */
async function detached(context: Context, options: UpOptions): Promise<number> {
  try {
    const project = await projectFor(context, options);
    const session = await openSession(context, project);
    context.interrupts.handle(() => session.end(EXIT.interrupted));
    context.terminal.say(`${new Date().toISOString()} process ${process.pid} orchestrates ${project.name}`);
    await announce({ serving: true });
    return await session.ended;
  } catch (error) {
    await announce({ problem: problemOf(error) });
    throw error;
  }
}

const TRY_NEXT =
  'Ctrl-C stops everything. In another terminal: `reeve status`, `reeve logs <unit> -f`, `reeve restart <unit>`.';

async function attended(context: Context, project: ProjectSpec): Promise<number> {
  const { terminal, json } = context;
  let note = terminal.say;
  const session = await openSession(context, project, (line) => note(line));
  handleInterrupts(context, session, (line) => note(line));
  const leftOver = leftOverWords(session.reeve.status().units, project);
  if (leftOver !== null) terminal.say(leftOver);
  // The answer is that it serves. How it goes on is for people; programs follow `events --follow --json`.
  if (json) terminal.printJson(session.reeve.status());
  if (json || !terminal.isInteractive) {
    const unobserve = printChanges(session.reeve, json ? terminal.say : terminal.print);
    terminal.say(TRY_NEXT);
    return session.ended.finally(unobserve);
  }
  terminal.say(TRY_NEXT);
  const shown = (status: ProjectStatus): ProjectStatus => ({ ...status, units: withoutOldRuns(status.units) });
  using table = liveTable(terminal, () => shown(session.reeve.status()));
  note = table.note;
  const unobserve = session.reeve.observe(() => table.touch());
  return await session.ended.finally(unobserve);
}

/** The first asks for an orderly end. The second leaves what has not ended yet, and says so. */
function handleInterrupts({ interrupts }: Context, { reeve, end }: Session, note: (line: string) => void): void {
  const atWork = (): readonly UnitStatus[] => reeve.status().units.filter(({ substate }) => substate !== 'settled');
  interrupts.handle((count) => {
    const named = atWork().map(({ id, run }) => (count === 1 || !run?.pid ? id : `${id} (pid ${run.pid})`));
    if (count === 1) {
      note(named.length === 0 ? 'Nothing is running.' : `Stopping ${named.join(', ')} … (Ctrl-C again leaves them)`);
      end(EXIT.interrupted);
      return;
    }
    note(`Left as it is: ${named.join(', ') || 'nothing'}. The next \`reeve up\` takes over.`);
    process.exit(EXIT.interrupted);
  });
}

/** A line for every state that a unit comes to, and for what is at work now. */
function printChanges(reeve: Reeve, print: (line: string) => void): () => void {
  const last = new Map<string, string>();
  const tell = (unit: UnitStatus): void => {
    const words = stateWords(unit);
    if (last.get(unit.id) === words) return;
    last.set(unit.id, words);
    const pid = unit.run?.pid == null ? '' : `  pid ${unit.run.pid}`;
    const why = unit.why === '' ? '' : `  ${unit.why}`;
    print(`${unit.id}  ${words}${pid}${why}`);
  };
  for (const unit of reeve.status().units) if (unit.substate !== 'settled') tell(unit);
  return reeve.observe(({ unitId }) => {
    const unit = reeve.status().units.find(({ id }) => id === unitId);
    if (unit) tell(unit);
  });
}
