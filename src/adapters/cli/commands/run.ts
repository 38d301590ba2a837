import { constants } from 'node:os';
import { basename } from 'node:path';
import { decodeProject, openReeve, parseDuration, type Result, type UnitSpec } from '../../../index.ts';
import { type ControlClient, connectControl } from '../../http/client.ts';
import { launch } from '../../http/launch.ts';
import { type Context, warningsTo } from '../context.ts';
import { startOrchestrator } from '../detach.ts';
import { EXIT } from '../exit-codes.ts';
import { resultLine } from '../render/result-line.ts';
import { requireControl } from '../view.ts';
import { newRunId } from './run-id.ts';

export interface RunOptions {
  readonly background?: boolean;
  readonly timeout?: string;
}

/** A job, for as long as somebody waits for it. */
interface Running {
  readonly output: AsyncIterable<string>;
  stop(): Promise<unknown>;
  /** Resolves when it has ended, in whatever way. */
  ended(): Promise<Result>;
  /** What is to be said of the end beyond the result: why it could not even be launched. */
  why(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Runs a command as a job: its output is ours, and its exit code too.
 *
 * By the live orchestrator, if there is one, in *its* environment; else by one of our own, for as long as it takes.
 */
export async function run(context: Context, command: readonly string[], options: RunOptions): Promise<number> {
  if (options.timeout !== undefined) parseDuration(options.timeout, '--timeout');
  const id = newRunId();
  const unit = {
    kind: 'job',
    command,
    cwd: context.cwd,
    env: { inherit: 'all' },
    ...(options.timeout !== undefined && { timeout: options.timeout }),
  };
  if (options.background) return inBackground(context, id, unit);
  const control = await connectControl(context.stateDir);
  return attend(context, await (control ? begin(control, id, unit) : beginHere(context, id, unit)));
}

async function inBackground(context: Context, id: string, unit: unknown): Promise<number> {
  const { terminal, json, stateDir } = context;
  if (!(await connectControl(stateDir))) await startOrchestrator(context, ['--empty']);
  const control = await requireControl(context);
  const status = await control.run(id, unit);
  if (json) terminal.printJson({ unit: status });
  else terminal.print(id);
  return EXIT.done;
}

async function begin(control: ControlClient, id: string, unit: unknown): Promise<Running> {
  const over = new AbortController();
  const output = await control.runAndFollow(id, unit, over.signal);
  return {
    output,
    stop: () => control.request(id, 'stop'),
    async ended() {
      await control.wait(id, {});
      return control.result(id);
    },
    why: async () => (await control.unit(id)).why,
    close: async () => over.abort(),
  };
}

async function beginHere({ stateDir, env, cwd, terminal }: Context, id: string, unit: unknown): Promise<Running> {
  const [spec] = decodeProject({ units: { [id]: unit } }).units as [UnitSpec];
  const name = basename(cwd) || 'project';
  const reeve = await openReeve({ stateDir, env, name, start: false, logger: warningsTo(terminal.say) });
  const over = new AbortController();
  // What an earlier orchestrator left running is not ours to stop.
  const close = async (): Promise<void> => {
    over.abort();
    await reeve.close({ leave: true });
  };
  try {
    const output = await launch(reeve, spec, over.signal);
    return {
      output,
      stop: () => reeve.unit(id).stop(),
      async ended() {
        await reeve.unit(id).reached('settled');
        return reeve.unit(id).result();
      },
      why: async () => reeve.unit(id).status().why,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function attend({ terminal, json, interrupts }: Context, running: Running): Promise<number> {
  let isInterrupted = false;
  interrupts.handle((count) => {
    isInterrupted = true;
    terminal.say(count === 1 ? 'Stopping it … (Ctrl-C again leaves it)' : 'Left as it is: `reeve status` finds it.');
    if (count > 1) process.exit(EXIT.interrupted);
    running.stop().catch(() => {});
  });
  try {
    const ended = running.ended();
    const printed = print(running.output, json ? terminal.writeAside : terminal.write);
    const result = await ended;
    // A run that never began prints nothing, and nothing says so.
    if (result.outcome !== 'launch-failed') await printed;
    if (json) terminal.printJson(result);
    // A code of its own speaks for itself.
    else if (result.code === null)
      terminal.say([resultLine(result), await running.why()].join('. ').replace(/\. $/, '.'));
    return isInterrupted ? EXIT.interrupted : exitCodeFor(result);
  } finally {
    await running.close();
  }
}

async function print(output: AsyncIterable<string>, write: (text: string) => unknown): Promise<void> {
  for await (const text of output) await write(text);
}

/** The job's own code, or 128 and its signal, as shells have it. */
function exitCodeFor({ code, signal, outcome }: Result): number {
  if (code !== null) return code;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  if (number !== undefined) return 128 + number;
  return outcome === 'finished' ? EXIT.done : EXIT.failed;
}
