import { assertEvent } from 'xstate';
import { queueOf, rerunsAfterDeath, runsInProcess, timeoutMsOf, type UnitContext } from './context.ts';
import { type Ending, isFailure, outcomeOf, outcomeWithoutExit, wordsOfEnd } from './outcome.ts';
import { soughtIn } from './printed.ts';
import { afterReboot, afterStable, NO_HISTORY, restartPolicy } from './restart-policy.ts';
import { commands } from './unit-commands.ts';
import type { EndMethod } from './vocabulary.ts';

const endsBy = (how: EndMethod) =>
  commands.enqueueActions(({ enqueue, context: { took } }) => {
    enqueue({ type: 'endRun', params: { how } });
    enqueue.assign({ took: took.includes(how) ? took : [...took, how] });
  });

/** Each stronger than the one before. */
export const endings = { ask: endsBy('ask'), terminate: endsBy('terminate'), kill: endsBy('kill') };

const because = (ending: Omit<Ending, 'by'> & { by?: string | null }) =>
  commands.assign({ ending: ({ context }) => context.ending ?? { by: null, ...ending } });

const giveUpLaunch = (wordsFor: (context: UnitContext) => string) =>
  commands.assign(({ context }) => {
    const detail = wordsFor(context);
    return {
      ending: context.ending ?? { kind: 'launch-failed' as const, by: null, detail },
      resource: true,
      why: detail,
    };
  });

/** Why it ends. The first cause stays (I3): a kill that follows a failed probe is not a crash. */
export const causes = {
  becauseAsked: commands.assign({
    ending: ({ context, event }): Ending => {
      const by = 'by' in event ? event.by : null;
      const kind = event.type === 'terminate.requested' ? 'terminated' : 'stopped';
      return context.ending ?? { kind, by, detail: null };
    },
  }),
  becauseUnwanted: commands.assign({
    ending: ({ context }): Ending => {
      const kind = context.desired === 'removed' ? 'terminated' : 'stopped';
      return context.ending ?? { kind, by: context.desiredBy, detail: 'while it was starting' };
    },
  }),
  becauseUnhealthy: commands.assign({
    ending: ({ context, event }) =>
      context.ending ?? { kind: 'unhealthy', by: null, detail: 'detail' in event ? event.detail : null },
  }),
  becauseStartTimedOut: commands.assign({
    ending: ({ context }) => context.ending ?? { kind: 'start-timeout', by: null, detail: context.why || null },
  }),
  /** For want of processes, or of time to run one: it is tried again, but not at once. */
  becauseUnclaimed: giveUpLaunch(() => 'its launcher did not begin in time'),
  becauseSilent: giveUpLaunch(({ why }) => why || 'its launcher did not say in time who the command is'),
  becauseOrphaned: because({ kind: 'stopped', detail: 'it was never launched' }),
  becauseTimedOut: because({ kind: 'timed-out', detail: null }),
  becauseIdle: because({ kind: 'idle', detail: null }),
};

/** The life of a run, as its driver tells it. */
export const runs = {
  beginRun: commands.assign(({ context, event }) => ({
    generation: context.generation + 1,
    run: {
      runId: `${context.epoch}.${context.generation + 1}`,
      handle: null,
      startedMs: null,
      adopted: false,
      ...(timeoutMsOf(context.spec) !== null && { orderedMonoMs: event.monoMs }),
    },
    ending: null,
    took: [],
    outcome: null,
    resource: false,
    verdict: null,
    again: false,
    blocked: null,
    survivors: [],
    why: '',
  })),
  recordLaunch: commands.assign(({ context, event }) => {
    assertEvent(event, 'run.launched');
    const { handle, startedMs, adopted } = event;
    return { run: context.run && { ...context.run, handle, startedMs, adopted } };
  }),
  /** What an earlier orchestrator launched is watched by nobody yet. */
  attachIfFound: commands.enqueueActions(({ enqueue, event }) => {
    if ('adopted' in event && event.adopted) enqueue('attach');
  }),
  recordAdoption: commands.enqueueActions(({ enqueue, context: { run }, event }) => {
    assertEvent(event, 'run.adopted');
    enqueue.assign({ run: run && { ...run, handle: event.handle, adopted: true } });
    if (soughtIn(run).length > 0) enqueue({ type: 'startProbe', params: { probe: 'printed' } });
  }),
  recordLaunchFailure: commands.assign(({ context, event }) => {
    assertEvent(event, 'run.launch-failed');
    const ending: Ending = context.ending ?? { kind: 'launch-failed', by: null, detail: event.problem.message };
    return {
      outcome: outcomeWithoutExit(ending, event.atMs),
      resource: event.resource,
      why: `${event.problem.message} ${event.problem.hint}`.trim(),
    };
  }),
  recordNeverRan: commands.assign(({ context, event }) => ({
    outcome: context.ending && outcomeWithoutExit(context.ending, event.atMs),
  })),
  recordExit: commands.assign(({ context, event }) => {
    assertEvent(event, 'run.exited');
    const outcome = outcomeOf(context.ending, event.exit, context.took);
    if (!isFailure(outcome.kind)) return { outcome, why: '' };
    const { said } = event.exit;
    // Its own word is nearer to the reason than that it did not answer a probe.
    const own = said === undefined ? context.why || wordsOfEnd(outcome) : wordsOfEnd(outcome) + (said && `: ${said}`);
    return { outcome, why: outcome.detail ?? own };
  }),
  recordLoss: commands.assign(({ context, event }) => {
    assertEvent(event, 'run.lost');
    const lost = runsInProcess(context.spec) ? DIED_WITH_ITS_PROGRAM : UNSEEN;
    const outcome = outcomeWithoutExit(context.ending ?? lost, event.endedMs);
    return { outcome, ...(lost.by !== null && outcome.detail !== null && { why: outcome.detail }) };
  }),
  recordSurvivors: commands.assign(({ context, event }) => {
    assertEvent(event, 'run.swept');
    const { survivors } = event;
    const names = survivors.map(({ pid, command }) => `${pid} (${command})`).join(', ');
    return { survivors, why: names ? `these would not end: ${names}` : context.why };
  }),
  /** The result goes into the same transaction as the state that announces it (I12). */
  publishOutcome: commands.enqueueActions(({ enqueue, context: { run, outcome } }) => {
    if (run && outcome) enqueue({ type: 'recordOutcome', params: { runId: run.runId, outcome } });
  }),
  weigh: commands.assign(({ context, event }) => {
    if (!context.outcome || context.desired !== 'up') return { verdict: null };
    const { outcome, resource, history } = context;
    const seed = context.run?.runId ?? context.id;
    const isRerun = outcome.kind === 'lost' && rerunsAfterDeath(context.spec);
    const death = { outcome, resource, monoMs: event.monoMs, seed, ...(isRerun && { isRerun }) };
    return { verdict: restartPolicy(context.spec.restart, history, death) };
  }),
  spendBudget: commands.assign(({ context }) => ({
    history: context.verdict?.kind === 'restart' ? context.verdict.history : context.history,
    restarts: context.restarts + 1,
  })),
  forgetFailures: commands.assign({ history: NO_HISTORY }),
  /** Restarts of an earlier boot are at times that mean others now. */
  forgetCounts: commands.assign({ history: ({ context }) => afterReboot(context.history) }),
  recordStable: commands.assign({ history: ({ context }) => afterStable(context.history) }),
  wantUp: commands.assign(({ context, event }) => ({
    desired: 'up' as const,
    ...(queueOf(context.spec) !== null && { requestedSeq: event.seq }),
  })),
  wantDown: commands.assign({ desired: 'down' as const }),
  wantAgain: commands.assign({ again: true }),
  /** What rests is not wanted up any more; only a request changes that. */
  rest: commands.assign(({ context }) => ({
    desired: context.desired === 'removed' ? 'removed' : 'down',
    why: context.verdict?.kind === 'settle' && context.verdict.gaveUp ? gaveUpWords(context) : context.why,
  })),
  forgetIfRemoved: commands.enqueueActions(({ enqueue, context }) => {
    if (context.desired === 'removed') enqueue({ type: 'forgetUnit', params: { unitId: context.id } });
  }),
  noteProblem: commands.assign({ why: ({ context, event }) => ('detail' in event ? event.detail : context.why) }),
  noteDriverFailure: commands.assign({
    why: ({ context, event }) => ('problem' in event ? event.problem.message : context.why),
  }),
  noteProgress: commands.assign({ why: ({ context, event }) => ('text' in event ? event.text : context.why) }),
  noteIdle: commands.assign({ why: 'nothing it does can be seen' }),
  noteWell: commands.assign({ why: '' }),
  noteBlocked: commands.assign({ blocked: ({ context, event }) => ('on' in event ? event.on : context.blocked) }),
};

const UNSEEN: Ending = { kind: 'lost', by: null, detail: 'it ended while nobody could see how' };
const DIED_WITH_ITS_PROGRAM: Ending = {
  kind: 'lost',
  by: 'orchestrator-death',
  detail: 'the program that it was a function of died',
};

function gaveUpWords({ outcome, verdict, why }: UnitContext): string {
  const reason = verdict?.kind === 'settle' ? verdict.why : '';
  return `gave up: ${reason} (last: ${outcome?.kind ?? 'unknown'})${why && `: ${why}`}`;
}
