import { assertEvent } from 'xstate';
import { aliveOf, delayMsOf, graceMsOf, keepsDescendants, readyOf, timeoutMsOf, type UnitContext } from './context.ts';
import { type CommandParams, commands } from './unit-commands.ts';

/**
 * The launcher writes who it is within milliseconds. After this long the launch is taken back; if it was claimed, it is
 * waited for once more as long, and then given up. Whoever does not want it any more waits for its grace, if shorter.
 */
export const LAUNCH_DEADLINE_MS = 15_000;
/**
 * How long a killed process may take to go before it is killed again: a process in an uninterruptible wait dies late.
 */
export const KILL_AGAIN_MS = 5_000;

const startsTimer = (params: (context: UnitContext) => CommandParams['startTimer']) =>
  commands.enqueueActions(({ enqueue, context }) => enqueue({ type: 'startTimer', params: params(context) }));

/** Every wait of a unit, and how long it may be (I4). */
export const timers = {
  startDelayTimer: startsTimer(({ spec }) => ({ timer: 'delay', ms: delayMsOf(spec), restore: 'absolute' })),
  startLaunchTimer: startsTimer(({ desired, spec }) => ({
    timer: 'launch',
    ms: desired === 'up' ? LAUNCH_DEADLINE_MS : Math.min(graceMsOf(spec), LAUNCH_DEADLINE_MS),
    restore: 'restart',
  })),
  // A start that we slept through gets its full window again.
  startReadinessTimer: startsTimer(({ spec }) => ({
    timer: 'start',
    ms: readyOf(spec)?.within ?? 0,
    restore: 'restart',
  })),
  startStableTimer: startsTimer(({ spec }) => ({ timer: 'stable', ms: spec.restart.stableAfter, restore: 'absolute' })),
  startGraceTimer: startsTimer(({ spec }) => ({ timer: 'grace', ms: graceMsOf(spec), restore: 'restart' })),
  startAskTimer: startsTimer(({ spec }) => ({ timer: 'ask', ms: graceMsOf(spec), restore: 'restart' })),
  startKillTimer: startsTimer(() => ({ timer: 'kill', ms: KILL_AGAIN_MS, restore: 'restart' })),
  sweepAndWait: commands.enqueueActions(({ enqueue, context: { spec } }) => {
    if (keepsDescendants(spec)) return;
    enqueue({ type: 'sweep', params: { how: 'terminate' } });
    enqueue({ type: 'startTimer', params: { timer: 'sweep', ms: graceMsOf(spec), restore: 'restart' } });
  }),
  startLastSweepTimer: startsTimer(() => ({ timer: 'sweep', ms: KILL_AGAIN_MS, restore: 'restart' })),
  startBackoffTimer: startsTimer(({ verdict }) => ({
    timer: 'backoff',
    ms: verdict?.kind === 'restart' ? verdict.delayMs : 0,
    restore: 'absolute',
  })),
  startRunTimer: commands.enqueueActions(({ enqueue, context: { spec, run }, event }) => {
    assertEvent(event, 'run.launched');
    const timeoutMs = timeoutMsOf(spec);
    if (timeoutMs === null) return;
    // It may have been at work for long before anybody looked: at most as long as both clocks say, for one may jump.
    const byWallMs = event.atMs - event.startedMs;
    const byMonoMs = event.monoMs - (run?.orderedMonoMs ?? Number.NEGATIVE_INFINITY);
    const workedMs = event.adopted ? Math.max(0, Math.min(byWallMs, byMonoMs)) : 0;
    const ms = Math.max(0, timeoutMs - workedMs);
    enqueue({ type: 'startTimer', params: { timer: 'run', ms, restore: 'absolute' } });
  }),
  startDebounceTimer: startsTimer(({ spec }) => ({
    timer: 'debounce',
    ms: spec.kind === 'watcher' ? spec.debounce : 0,
    restore: 'restart',
  })),
};

export const probes = {
  startReadyProbe: commands.enqueueActions(({ enqueue, context: { spec } }) => {
    if (readyOf(spec)) enqueue({ type: 'startProbe', params: { probe: 'ready' } });
  }),
  stopReadyProbe: commands.enqueueActions(({ enqueue, context: { spec } }) => {
    if (readyOf(spec)) enqueue({ type: 'stopProbe', params: { probe: 'ready' } });
  }),
  // Goes on while it is idle, to see it work again.
  startIdleProbe: commands.enqueueActions(({ enqueue, context: { spec } }) => {
    if (spec.idle) enqueue({ type: 'startProbe', params: { probe: 'idle' } });
  }),
  stopIdleProbe: commands.enqueueActions(({ enqueue, context: { spec } }) => {
    if (spec.idle) enqueue({ type: 'stopProbe', params: { probe: 'idle' } });
  }),
  startAliveProbe: commands.enqueueActions(({ enqueue, context: { spec } }) => {
    if (aliveOf(spec)) enqueue({ type: 'startProbe', params: { probe: 'alive' } });
  }),
  stopAliveProbe: commands.enqueueActions(({ enqueue, context: { spec } }) => {
    if (aliveOf(spec)) enqueue({ type: 'stopProbe', params: { probe: 'alive' } });
  }),
};
