import { portOf } from '../../machines/port.ts';
import type { ProbeTarget } from '../../machines/spec.ts';
import { type Answer, type Bounds, failed } from './answer.ts';
import { askExec, type RunCommand } from './exec.ts';
import { fileQuestion } from './file.ts';
import { askHttp } from './http.ts';
import { searchLog } from './log.ts';
import { searchMessages } from './message.ts';
import type { WhyNotOurs } from './probes.ts';
import type { Question } from './probing.ts';
import type { RunView } from './run-view.ts';
import { askTcp } from './tcp.ts';

/** One question, as often as it is asked. It may remember something from one time to the next. */
export interface Asker {
  ask(bounds: Bounds): Promise<Answer>;
  close(): void;
}

export interface AskerPorts {
  readonly view: RunView;
  readonly exec: RunCommand;
  readonly whyNotOurs?: WhyNotOurs | undefined;
  /** Something about the unit that somebody should mend. */
  readonly warn: (words: string) => void;
  readonly redact?: ((text: string) => string) | undefined;
}

/** What a probe asks. What made a run ready was said by somebody who is still there, and of the run. */
export function askerFor(call: Question, ports: AskerPorts): Asker {
  const asker = plainAsker(call, ports);
  if (call.probe !== 'ready') return asker;
  return {
    close: asker.close,
    async ask(bounds) {
      const answer = await asker.ask(bounds);
      if (answer.is !== 'passed') return answer;
      // It printed its last word, or somebody else answers for it: how it ended is said by its exit.
      return ports.view.hasEnded(call.run) ? failed('it has ended') : answer;
    },
  };
}

function plainAsker(call: Question, ports: AskerPorts): Asker {
  const { target } = call.spec;
  const { view, exec, redact, warn } = ports;
  const { run, unit } = call;
  const port = portOf(unit, run.handle);
  const stateless = (ask: Asker['ask']): Asker => ({ ask, close: () => {} });
  if ('exec' in target) {
    return stateless((bounds) => askExec({ unit, port, command: target.exec, ...bounds }, exec, redact));
  }
  const isReady = call.probe === 'ready';
  if ('log' in target) return searchLog(run.runId, target.log, isReady, view);
  if ('message' in target) return searchMessages(run.runId, target.message, isReady, { view, warn });
  if ('file' in target) {
    const cwd = 'cwd' in unit ? unit.cwd : '.';
    return stateless(fileQuestion({ file: target.file, cwd, startedMs: call.startedMs }));
  }
  return stateless((bounds) => askNetwork(call, target, port, bounds, ports));
}

type NetworkTarget = Extract<ProbeTarget, { readonly tcp: unknown } | { readonly http: unknown }>;

async function askNetwork(
  { probe, run }: Question,
  target: NetworkTarget,
  ownPort: number | null,
  bounds: Bounds,
  { whyNotOurs, redact }: AskerPorts,
): Promise<Answer> {
  const place = placeOf(target, ownPort);
  if (place === null) return failed('it is not known where the unit listens');
  const { port, url } = place;
  const answer = await ('tcp' in target
    ? askTcp(port ?? 0, bounds)
    : askHttp({ ...target, http: url }, bounds, redact));
  if (answer.is !== 'passed' || probe !== 'ready' || whyNotOurs === undefined || port === null) return answer;
  const late = `port ${port} answers, but it did not become clear in time who listens there`;
  const why = await unlessAborted(whyNotOurs(run, port), bounds.signal, late);
  return why === null ? answer : failed(why);
}

interface Place {
  /** `null`: it is not a port of this machine, so nothing here can tell who listens there. */
  readonly port: number | null;
  readonly url: string;
}

/** `null`: it is the unit's own port, and that is not known. */
function placeOf(target: NetworkTarget, ownPort: number | null): Place | null {
  if ('tcp' in target) {
    const port = target.tcp === 'auto' ? ownPort : target.tcp;
    return port === null ? null : { port, url: '' };
  }
  if (ownPort === null && !URL.canParse(target.http)) return null;
  const url = new URL(target.http, `http://127.0.0.1:${ownPort ?? 0}`);
  return { port: localPortOf(url), url: url.href };
}

function localPortOf({ hostname, port, protocol }: URL): number | null {
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
