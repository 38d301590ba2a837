import type { Clock, Log, ProbeCall, Probes, Reporter } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { Fact } from '../../machines/events.ts';
import type { ProbePurpose } from '../../machines/vocabulary.ts';
import { type Answer, type Bounds, failed } from './answer.ts';
import { askHttp } from './http.ts';
import type { Verdict } from './judge.ts';
import { startProbing } from './probing.ts';
import { askTcp } from './tcp.ts';

/**
 * Does a process of this run listen on this port of this machine?
 *
 * Asked after a readiness probe passed, and only about this machine. Without it, whoever answers makes the unit ready.
 */
export type OwnsPort = (run: RunRef, port: number) => Promise<boolean>;

/** Probes over the network of this machine: TCP and HTTP. */
export function systemProbes(options: { readonly clock: Clock; readonly log: Log; readonly owns?: OwnsPort }): Probes {
  const { clock, log, owns } = options;
  const running = new Map<string, { readonly key: string; readonly stop: () => void }>();
  let report: Reporter | null = null;

  const ask = async (call: ProbeCall, bounds: Bounds): Promise<Answer> => {
    const { target } = call.spec;
    const answer = await ('tcp' in target ? askTcp(target.tcp, bounds) : askHttp(target, bounds));
    const port = localPortOf(target);
    if (answer.is !== 'passed' || call.probe !== 'ready' || owns === undefined || port === null) return answer;
    const isOurs = await unlessAborted(owns(call.run, port), bounds.signal);
    if (isOurs) return answer;
    return failed(
      isOurs === null
        ? `port ${port} answers, but it did not become clear in time who listens there`
        : `port ${port} answers, but no process of this unit listens there`,
    );
  };

  const tell = ({ run, probe, seq }: ProbeCall, verdict: Verdict) => {
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
    },
  };
}

const nameOf = (run: RunRef, probe: ProbePurpose) => `${probe} ${run.runId}`;

function factOf(generation: number, probe: ProbePurpose, verdict: Verdict): Fact {
  if (verdict.is === 'passed') return { type: 'probe.passed', generation, probe };
  return { type: `probe.${verdict.is}`, generation, probe, detail: verdict.detail };
}

/** `null`: it is not a port of this machine, so nothing here can tell who listens there. */
function localPortOf(target: ProbeCall['spec']['target']): number | null {
  if ('tcp' in target) return target.tcp;
  const { hostname, port, protocol } = new URL(target.http);
  if (!/^(localhost|.+\.localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(hostname)) return null;
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** `null`: it took too long. */
function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
    answer.then(resolve, reject);
  });
}
