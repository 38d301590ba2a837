import type { Clock, Log, Probes, Report, Reporter } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { Fact } from '../../machines/events.ts';
import type { ProbePurpose, RunId } from '../../machines/vocabulary.ts';
import { type Activity, watchActivity } from './activity.ts';
import { askerFor } from './asker.ts';
import type { CommandAnswer, RunCommand } from './exec.ts';
import type { Verdict } from './judge.ts';
import { type PrintedCall, seekPrinted } from './printed.ts';
import { type Question, startProbing } from './probing.ts';
import { watchProgress } from './progress.ts';
import { NO_VIEW, type RunView } from './run-view.ts';

/**
 * Why is it no process of this run that listens on this port of this machine, in words? `null`: it is one, or nobody
 * can tell.
 *
 * Asked after a readiness probe passed, and only about this machine. Without it, whoever answers makes the unit ready.
 */
export type WhyNotOurs = (run: RunRef, port: number) => Promise<string | null>;

export interface SystemProbesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly whyNotOurs?: WhyNotOurs;
  /** Without it no command can be asked. */
  readonly exec?: RunCommand;
  /** Without it nothing is known of what runs print and use. */
  readonly view?: RunView;
  /** Takes the secrets out of what is quoted from an answer, before it is cut to a length that can be shown. */
  readonly redact?: (text: string) => string;
}

export interface SystemProbes extends Probes {
  /** A run says that it works, for units that nobody can see working. */
  beat(runId: RunId, text: string): void;
  /** The last thing that a run was seen to do. `null`: nobody watches it, or it did nothing yet. */
  activityOf(runId: RunId): Activity | null;
}

/** Probes over the network of this machine, by commands, files, and what runs print; and looks at whether they work. */
export function systemProbes(options: SystemProbesOptions): SystemProbes {
  const { clock, log, whyNotOurs, exec = nobodyRuns, view = NO_VIEW, redact = (text) => text } = options;
  const running = new Map<string, { readonly key: string; readonly stop: () => void }>();
  const commands = new Set<Promise<CommandAnswer>>();
  let listener: Reporter | null = null;
  const report = (said: Report) => listener?.(said);
  const activity = watchActivity({ clock, log, view, report });

  const remembered: RunCommand = (question) => {
    const asking = exec(question).finally(() => commands.delete(asking));
    commands.add(asking);
    return asking;
  };

  const begin = (call: Question): (() => void) => {
    const { run, probe, seq } = call;
    const tell = (fact: Fact) => report({ unitId: run.unitId, cause: seq, fact });
    const warn = (words: string) => log.warn({ unit: run.unitId, generation: run.generation }, words);
    let isOver = false;
    const getsOn = (text: string) => {
      if (!isOver) tell({ type: 'run.progressed', generation: run.generation, text });
    };
    const end = startProbing(call, {
      clock,
      log,
      asker: askerFor(call, { view, exec: remembered, whyNotOurs, redact, warn }),
      tell(verdict) {
        isOver ||= verdict.is === 'passed';
        tell(factOf(run.generation, probe, verdict));
      },
      ...(call.probe === 'ready' && {
        missed: watchProgress(run.runId, call.spec, { clock, view, redact, tell: getsOn }),
      }),
    });
    return () => {
      isOver = true;
      end();
    };
  };

  const seek = (call: PrintedCall, name: string): (() => void) => {
    const { run, seq: cause, patterns } = call;
    const left = new Set(patterns);
    const tell = (pattern: string, found: boolean) => {
      left.delete(pattern);
      if (left.size === 0) running.delete(name);
      report({ unitId: run.unitId, cause, fact: { type: 'run.printed', generation: run.generation, pattern, found } });
    };
    return seekPrinted(call, { clock, log, view, tell });
  };

  const stop = (name: string) => {
    running.get(name)?.stop();
    running.delete(name);
  };

  return {
    async connect(reporter) {
      listener = reporter;
    },
    async start(call) {
      if (call.probe === 'idle') return activity.start(call);
      const name = nameOf(call.run, call.probe);
      if (running.get(name)?.key === call.key) return;
      stop(name);
      running.set(name, { key: call.key, stop: call.probe === 'printed' ? seek(call, name) : begin(call) });
    },
    async stop(run, probe) {
      if (probe === 'idle') activity.stop(run);
      else stop(nameOf(run, probe));
    },
    beat: (runId, text) => activity.beat(runId, text),
    activityOf: (runId) => activity.activityOf(runId),
    async close() {
      for (const name of [...running.keys()]) stop(name);
      activity.close();
      listener = null;
      // Commands are children of ours: they are gone before we say that we are done (I9).
      await Promise.allSettled(commands);
    },
  };
}

const nobodyRuns: RunCommand = async () => ({
  code: null,
  signal: null,
  timedOut: false,
  tail: '',
  refused: { why: 'nobody here runs commands', ours: true },
});

const nameOf = (run: RunRef, probe: ProbePurpose) => `${probe} ${run.runId}`;

function factOf(generation: number, probe: ProbePurpose, verdict: Verdict): Fact {
  if (verdict.is === 'passed') return { type: 'probe.passed', generation, probe };
  return { type: `probe.${verdict.is}`, generation, probe, detail: verdict.detail };
}
