import type { Clock, Log, Probes, Reporter } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { Fact } from '../../machines/events.ts';
import type { ProbeTarget } from '../../machines/spec.ts';
import type { ProbePurpose } from '../../machines/vocabulary.ts';
import { type Answer, type Bounds, failed } from './answer.ts';
import { askExec, type CommandQuestion, type RunCommand } from './exec.ts';
import { askHttp } from './http.ts';
import type { Verdict } from './judge.ts';
import { type Question, startProbing } from './probing.ts';
import { askTcp } from './tcp.ts';

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
  /** Takes the secrets out of what is quoted from an answer, before it is cut to a length that can be shown. */
  readonly redact?: (text: string) => string;
}

/** Probes over the network of this machine, TCP and HTTP, and by commands. */
export function systemProbes({ clock, log, whyNotOurs, exec = nobodyRuns, redact }: SystemProbesOptions): Probes {
  const running = new Map<string, { readonly key: string; readonly stop: () => void }>();
  const commands = new Set<Promise<Answer>>();
  let report: Reporter | null = null;

  const askCommand = (question: CommandQuestion): Promise<Answer> => {
    const asking = askExec(question, exec, redact).finally(() => commands.delete(asking));
    commands.add(asking);
    return asking;
  };

  const ask = async (call: Question, bounds: Bounds): Promise<Answer> => {
    const { target } = call.spec;
    if ('exec' in target) return askCommand({ unit: call.unit, command: target.exec, ...bounds });
    const answer = await ('tcp' in target ? askTcp(target.tcp, bounds) : askHttp(target, bounds, redact));
    const port = localPortOf(target);
    if (answer.is !== 'passed' || call.probe !== 'ready' || whyNotOurs === undefined || port === null) return answer;
    const late = `port ${port} answers, but it did not become clear in time who listens there`;
    const why = await unlessAborted(whyNotOurs(call.run, port), bounds.signal, late);
    return why === null ? answer : failed(why);
  };

  const tell = ({ run, probe, seq }: Question, verdict: Verdict) => {
    report?.({ unitId: run.unitId, cause: seq, fact: factOf(run.generation, probe, verdict) });
  };

  const stop = (name: string) => {
    running.get(name)?.stop();
    running.delete(name);
  };

  return {
    async connect(reporter) {
      report = reporter;
    },
    async start(call) {
      if (call.probe === 'idle') return;
      const name = nameOf(call.run, call.probe);
      if (running.get(name)?.key === call.key) return;
      stop(name);
      running.set(name, { key: call.key, stop: startProbing(call, { clock, log, ask, tell }) });
    },
    async stop(run, probe) {
      stop(nameOf(run, probe));
    },
    async close() {
      for (const name of [...running.keys()]) stop(name);
      report = null;
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

type NetworkTarget = Exclude<ProbeTarget, { readonly exec: unknown }>;

/** `null`: it is not a port of this machine, so nothing here can tell who listens there. */
function localPortOf(target: NetworkTarget): number | null {
  if ('tcp' in target) return target.tcp;
  const { hostname, port, protocol } = new URL(target.http);
  if (!/^(localhost|.+\.localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(hostname)) return null;
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** `late`: what to say when it takes too long. */
function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal, late: T): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve(late);
    signal.addEventListener('abort', () => resolve(late), { once: true });
    answer.then(resolve, reject);
  });
}
