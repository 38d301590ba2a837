import type { Clock, ProbeCall, Probes, Reporter } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { Fact } from '../../machines/events.ts';
import type { ProbePurpose } from '../../machines/vocabulary.ts';
import { isAlive } from './process.ts';
import type { World } from './world.ts';

/** Probes that ask the world instead of a network. They report the same edges as the real ones, without the words. */
export function simulatedProbes({ world, clock }: { readonly world: World; readonly clock: Clock }): Probes {
  const stops = new Map<string, { readonly key: string; readonly stop: () => void }>();
  let report: Reporter | null = null;

  const stop = (name: string) => {
    stops.get(name)?.stop();
    stops.delete(name);
  };

  return {
    async connect(reporter) {
      report = reporter;
    },
    async start(call) {
      const name = nameOf(call.run, call.probe);
      if (stops.get(name)?.key === call.key) return;
      stop(name);
      if (call.probe === 'idle') {
        stops.set(name, { key: call.key, stop: watchForIdleness(call, { world, clock, tell }) });
        return;
      }
      if (call.probe === 'printed') {
        stops.set(name, { key: call.key, stop: seekPrinted(call, { world, clock, tell }) });
        return;
      }
      stops.set(name, { key: call.key, stop: repeat(call, clock, () => failureOf(world, clock, call), tell) });
    },
    async stop(run, probe) {
      stop(nameOf(run, probe));
    },
    async close() {
      for (const name of [...stops.keys()]) stop(name);
      report = null;
    },
  };

  function tell({ run, seq }: ProbeCall, fact: Fact) {
    report?.({ unitId: run.unitId, cause: seq, fact });
  }
}

type Question = Extract<ProbeCall, { readonly probe: 'ready' | 'alive' }>;

const nameOf = (run: RunRef, probe: ProbePurpose) => `${probe} ${run.runId}`;

/** Asks at once and then every `every`; answers are deferred like those of a network. Returns how to stop it. */
function repeat(
  call: Question,
  clock: Clock,
  ask: () => string | null,
  tell: (call: Question, fact: Fact) => void,
): () => void {
  const { probe, spec, run } = call;
  const failuresMax = 'failures' in spec ? spec.failures : Number.POSITIVE_INFINITY;
  let failures = 0;
  let stopped = false;
  let cancel = () => {};

  const step = () => {
    if (stopped) return;
    const about = { generation: run.generation, probe };
    const detail = ask();
    if (detail === null) {
      if (probe === 'ready' || failures > 0) tell(call, { type: 'probe.passed', ...about });
      failures = 0;
      if (probe === 'ready') return;
    } else {
      failures += 1;
      if (failures === 1) tell(call, { type: 'probe.failed', ...about, detail });
      if (failures === failuresMax) tell(call, { type: 'probe.exhausted', ...about, detail });
    }
    // What it told may have stopped it.
    if (!stopped) cancel = clock.setTimer(spec.every, step);
  };
  clock.defer(step);
  return () => {
    stopped = true;
    cancel();
  };
}

/** Tells once that a run has been quiet for too long, at the very moment. Returns how to stop it. */
function watchForIdleness(
  call: Extract<ProbeCall, { readonly probe: 'idle' }>,
  { world, clock, tell }: { readonly world: World; readonly clock: Clock; tell(call: ProbeCall, fact: Fact): void },
): () => void {
  const { run, spec, isIdle } = call;
  const process = world.processOf(run.runId);
  const { quietAfterMs = null } = process?.behaviour ?? {};
  if (process === null || quietAfterMs === null || isIdle) return () => {};
  const quietMs = process.startedMonoMs + quietAfterMs;
  return clock.setTimer(Math.max(quietMs, clock.monoMs()) + spec.after - clock.monoMs(), () => {
    const sinceMs = clock.wallMs() - spec.after;
    if (isAlive(process, clock)) tell(call, { type: 'activity.ceased', generation: run.generation, sinceMs });
  });
}

/** Looks whenever it prints, and to the end of a run that has ended. Returns how to stop it. */
function seekPrinted(
  call: Extract<ProbeCall, { readonly probe: 'printed' }>,
  { world, clock, tell }: { readonly world: World; readonly clock: Clock; tell(call: ProbeCall, fact: Fact): void },
): () => void {
  const { run, patterns } = call;
  const process = world.processOf(run.runId);
  const left = new Set(patterns);

  const look = () => {
    const isOver = process === null || !isAlive(process, clock);
    const lines = process?.output.split('\n') ?? [];
    for (const pattern of left) {
      const found = lines.some((line) => new RegExp(pattern).test(line));
      if (!found && !isOver) continue;
      left.delete(pattern);
      tell(call, { type: 'run.printed', generation: run.generation, pattern, found });
    }
    if (left.size === 0) stop();
  };
  const stop = world.observe((change) => {
    if (change.process === process && left.size > 0) clock.defer(look);
  });
  clock.defer(look);
  return () => {
    left.clear();
    stop();
  };
}

/** `null`: it passes. */
function failureOf(world: World, clock: Clock, { run, probe }: ProbeCall): string | null {
  const process = world.processOf(run.runId);
  if (process === null || !isAlive(process, clock)) return 'nothing answers';
  if (probe === 'alive') return process.unhealthy ? (process.behaviour.complaint ?? 'unhealthy') : null;
  const { readyAfterMs = 0 } = process.behaviour;
  const isReady = readyAfterMs !== null && clock.monoMs() - process.startedMonoMs >= readyAfterMs;
  return isReady ? null : 'not ready yet';
}
