import type { SimulatedProcess } from '../../src/adapters/simulation/process.ts';
import { readyOf } from '../../src/machines/context.ts';
import type { Outcome, OutcomeKind } from '../../src/machines/outcome.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import type { RunId, UnitId } from '../../src/machines/vocabulary.ts';

/** What is true, and what was done, as far as it bears on how a run ended. */
export interface Deeds {
  readonly spec: UnitSpec;
  /** `null`: the run never had one. */
  readonly process: SimulatedProcess | null;
  readonly isAlive: boolean;
  /** Monotonic, from its birth until now. */
  readonly livedMs: number;
  /** Its driver has refused to tell of it, or to watch it: who cannot know is no liar. */
  readonly isUnknowable: boolean;
  /** Something was asked of it, of all, or of its neighbours. */
  wasAsked(what: string): boolean;
}

/** What is recorded of how a run ended, against what is true of it (I3). */
export function untruthsOf(runId: RunId, unitId: UnitId, outcome: Outcome, deeds: Deeds): readonly string[] {
  const about = `run ${runId} of "${unitId}" is recorded as ${outcome.kind}`;
  const { isAlive } = deeds;
  if (isAlive) return [`${about}, and its process runs`];
  if (deeds.spec.kind === 'watcher') return [];
  return [...factFaults(outcome, deeds), ...reasonFaults(outcome, deeds)].map((fault) => `${about}, ${fault}`);
}

/** Code, signal and time are those of its end. */
function factFaults(outcome: Outcome, { process, isUnknowable }: Deeds): readonly string[] {
  const { kind, code, signal, rawStatus, endedMs } = outcome;
  if (isUnknowable && code === null && signal === null) return [];
  if (!process?.exit) {
    const claimsToKnow = code !== null || signal !== null;
    return claimsToKnow ? [`with ${code ?? signal}, and nobody saw its end`] : [];
  }
  if (kind === 'lost') return ['though there is a record of its end'];
  const known = [code, signal, rawStatus, endedMs].join();
  const { exit } = process;
  const truth = [exit.code, exit.signal, exit.rawStatus, exit.endedMs].join();
  return known === truth ? [] : [`with ${known}, and it was ${truth}`];
}

/** The reason is one that there was. */
function reasonFaults({ kind, code, signal, by, detail }: Outcome, deeds: Deeds): readonly string[] {
  const { spec, process, livedMs, isUnknowable, wasAsked } = deeds;
  const ours = signalsOfOurs(process);
  const needed: Record<OutcomeKind, boolean> = {
    finished: code === 0,
    failed: code !== null && code !== 0,
    crashed: signal !== null && !ours.includes(signal),
    stopped: by === null ? process === null && detail === 'it was never launched' : wasAsked(by),
    terminated: wasAsked('terminate'),
    'timed-out': spec.kind === 'job' && spec.timeout !== null && livedMs >= spec.timeout,
    'start-timeout': livedMs >= (readyOf(spec)?.within ?? 0),
    // Nothing answers where nothing runs any more, and a probe may be told of that before we are.
    unhealthy: process !== null && (process.wasUnhealthy || ours.length === 0),
    // One that was given up, and killed before it could say who it is.
    'launch-failed': process === null || ours.includes('SIGKILL') || isUnknowable,
    lost: process === null || process.exit === null,
    idle: spec.idle !== null && (process?.behaviour.quietAfterMs != null || wasAsked('say')),
    // Nothing here asks for it.
    blocked: false,
  };
  return needed[kind] ? [] : [`for no reason that there was (by ${by}, ${detail})`];
}

/** Being asked counts as one. */
function signalsOfOurs(process: SimulatedProcess | null): readonly string[] {
  const left = [...(process?.signalsOfStrangers ?? [])];
  return (process?.signals ?? []).filter((signal) => {
    const at = left.indexOf(signal);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
