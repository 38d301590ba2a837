/**
 * The lives of a server, a job and a watcher: the whole of them, in the order in which they are lived.
 *
 * Each state says what it starts on entry and undoes on exit, and what each event means in it. An event that a state
 * does not name means nothing there, on purpose: the tables in `test/machines/*.table.md` show every pair. Pure: the
 * names of commands stand here, and are done elsewhere after they were committed. `unit.ts` says what each name means.
 */
import { newContext } from './context.ts';
import { unit } from './unit.ts';
import { MAX_ITERATIONS } from './unit-commands.ts';

const cancel = <const Name extends string>(timer: Name) => ({ type: 'cancelTimer', params: { timer } }) as const;
const sweep = <const How extends string>(how: How) => ({ type: 'sweep', params: { how } }) as const;

/** What means the same in every state that does not say otherwise: the wish is remembered, and acted on in time. */
const anywhere = {
  'start.requested': [{ guard: 'isBeingRemoved', actions: 'refuseRemoved' }, { actions: 'takeSide' }],
  'restart.requested': [{ guard: 'isBeingRemoved', actions: 'refuseRemoved' }, { actions: 'takeSide' }],
  'stop.requested': { actions: 'takeSide' },
  'terminate.requested': { actions: 'takeSide' },
  'run.blocked': { actions: 'noteBlocked' },
  'driver.failed': { actions: 'noteDriverFailure' },
  'clock.restarted': { actions: 'forgetCounts' },
  // Its last lines may be read only when it is over.
  'run.printed': { actions: 'notePrint' },
} as const;

/** The leader is gone, whoever ended it: the outcome stands now, and what it left behind is next. */
const itsEnd = {
  'run.exited': { target: '#sweeping', actions: ['recordExit', 'publishOutcome'] },
  'run.lost': { target: '#sweeping', actions: ['recordLoss', 'publishOutcome'] },
} as const;

/** Nobody says who it is. It is ended without that, so that nothing of it comes to life when nobody waits any more. */
const silent = [
  { guard: 'isUnwanted', target: '#abandoning', actions: 'becauseUnwanted' },
  { target: '#abandoning', actions: 'becauseSilent' },
] as const;

/** Nobody has begun it, and now nobody will. It was not wanted any more, or else it is a failure. */
const revokedInTime = [
  { guard: 'isUnwanted', target: '#reaped', actions: ['becauseUnwanted', 'recordNeverRan', 'publishOutcome'] },
  { target: '#reaped', actions: ['becauseUnclaimed', 'recordNeverRan', 'publishOutcome'] },
] as const;

/** Who waits for the end of a launch waits as long as for that of a process, not as long as a launch may take. */
const hurried = [{ guard: 'isUnwanted', actions: 'takeSide' }, { actions: ['takeSide', 'startLaunchTimer'] }] as const;

/** The run before is over, and the next one has not begun: what is said of it again changes nothing (I3). */
const noNews = {
  'run.launched': {},
  'run.launch-failed': {},
  'run.revoked': {},
  'run.exited': {},
  'run.lost': {},
} as const;

/** Everything that ends a run which is up and well. */
const whileUp = {
  'stop.requested': { target: '#stopping', actions: ['takeSide', 'becauseAsked'] },
  'terminate.requested': { target: '#stopping', actions: ['takeSide', 'becauseAsked'] },
  'restart.requested': { target: '#stopping', actions: ['takeSide', 'becauseAsked'] },
  'restart.advised': [
    { guard: 'isHeld', actions: 'wantAgain' },
    { target: '#stopping', actions: 'becauseAsked' },
  ],
  'print.sought': { guard: 'isUnsought', actions: 'seekPrint' },
  ...itsEnd,
} as const;

const idling = {
  'activity.ceased': [
    { guard: 'idleIsReported', target: 'idle-stalled' },
    { guard: 'idleMeansStop', target: '#stopping', actions: ['becauseIdle', 'wantDown'] },
    { target: '#stopping', actions: 'becauseIdle' },
  ],
} as const;

/** Nothing is under way yet. */
const beforeLaunch = {
  'stop.requested': { target: '#reaped', actions: 'takeSide' },
  'terminate.requested': { target: '#reaped', actions: 'takeSide' },
  ...noNews,
} as const;

const spawning = unit.createStateConfig({
  id: 'spawning',
  initial: 'waiting',
  states: {
    // For its dependencies. The supervisor says when they are met.
    waiting: {
      always: { guard: 'waitsForNothing', target: 'launching' },
      on: { 'dependencies.met': 'launching', 'dependencies.failed': { actions: 'refuseUp' }, ...beforeLaunch },
    },
    // The kernel may already have forked. A stop is remembered, and acted on once there is an identity.
    launching: {
      entry: ['beginRun', 'launch', 'startLaunchTimer'],
      exit: cancel('launch'),
      on: { 'run.claimed': { target: 'adopting', actions: 'noteProblem' }, 'timer.launch': 'revoking' },
    },
    // It takes too long. If nobody has claimed it, nobody will; if somebody has, it may still say who it is.
    revoking: {
      entry: ['revoke', 'startLaunchTimer'],
      exit: cancel('launch'),
      on: {
        'run.revoked': revokedInTime,
        'run.claimed': [silent[0], { actions: ['noteProblem', 'attach'] }],
        'timer.launch': silent,
      },
    },
    // Claimed by a launcher that has not said yet who it is: an earlier orchestrator died before it could tell.
    adopting: {
      entry: ['attach', 'startLaunchTimer'],
      exit: cancel('launch'),
      on: {
        // Found so by the next orchestrator, too: it has to watch for itself.
        'run.claimed': { target: 'adopting', reenter: true, actions: 'noteProblem' },
        'timer.launch': silent,
      },
    },
  },
  on: {
    'stop.requested': hurried,
    'terminate.requested': hurried,
    'run.launched': [
      { guard: 'isUnwanted', target: '#stopping', actions: ['recordLaunch', 'attachIfFound', 'becauseUnwanted'] },
      {
        guard: 'mustProveItself',
        target: '#waiting-health',
        actions: ['recordLaunch', 'attachIfFound', 'startRunTimer'],
      },
      { target: '#running', actions: ['recordLaunch', 'attachIfFound', 'startRunTimer'] },
    ],
    'run.launch-failed': { target: '#reaped', actions: ['recordLaunchFailure', 'publishOutcome'] },
    // Whoever ordered it died before anybody claimed it. That is nobody's failure: it is launched at once.
    'run.revoked': [
      { guard: 'isUnwanted', target: '#reaped', actions: ['becauseUnwanted', 'recordNeverRan', 'publishOutcome'] },
      { target: '.launching', reenter: true, actions: ['becauseOrphaned', 'recordNeverRan', 'publishOutcome'] },
    ],
    ...itsEnd,
  },
});

/** A job may have to wait for its time, too, and for its turn. */
const jobSpawning = unit.createStateConfig({
  ...spawning,
  initial: 'deciding',
  states: {
    ...spawning.states,
    deciding: { always: [{ guard: 'isDelayed', target: 'delayed' }, { target: 'waiting' }] },
    // As long as its spec says, from the request on. Then it waits like all others.
    delayed: {
      entry: 'startDelayTimer',
      exit: cancel('delay'),
      on: { 'timer.delay': 'waiting', ...beforeLaunch },
    },
    waiting: {
      ...spawning.states.waiting,
      always: { guard: 'waitsForNothing', target: 'admitted' },
      on: { ...spawning.states.waiting.on, 'dependencies.met': 'admitted' },
    },
    // Left at once.
    admitted: { always: [{ guard: 'isQueued', target: 'queued' }, { target: 'launching' }] },
    // For room among those of its queue. The supervisor says when there is some, and whose turn it is.
    queued: { on: { 'slot.granted': 'launching', 'dependencies.lost': 'waiting', ...beforeLaunch } },
  },
});

const waitingHealth = unit.createStateConfig({
  id: 'waiting-health',
  tags: 'alive',
  entry: ['startReadyProbe', 'startReadinessTimer'],
  exit: ['stopReadyProbe', cancel('start')],
  on: {
    'probe.passed': 'running',
    'probe.failed': { actions: 'noteProblem' },
    'run.progressed': { actions: ['noteProgress', 'startReadinessTimer'] },
    'timer.start': { target: '#stopping', actions: 'becauseStartTimedOut' },
    'run.adopted': { actions: ['recordAdoption', 'attach', 'startReadyProbe'] },
    ...whileUp,
  },
});

/** Whoever asks for it while it ends, for whatever reason, gets a new run. */
const afterwards = [
  { guard: 'isBeingRemoved', actions: 'refuseRemoved' },
  { actions: ['takeSide', 'wantAgain'] },
] as const;

const stopping = unit.createStateConfig({
  id: 'stopping',
  tags: 'alive',
  entry: 'stopIdleProbe',
  initial: 'deciding',
  states: {
    // Left at once. The thing itself is asked first, if it can be asked; then the operating system.
    deciding: { always: [{ guard: 'canBeAsked', target: 'asking' }, { target: 'terminating' }] },
    asking: {
      entry: ['ask', 'startAskTimer'],
      exit: cancel('ask'),
      on: {
        'timer.ask': 'terminating',
        'driver.failed': { target: 'terminating', actions: 'noteDriverFailure' },
        'run.adopted': { actions: ['recordAdoption', 'attach', 'ask'] },
      },
    },
    terminating: {
      entry: ['terminate', 'startGraceTimer'],
      exit: cancel('grace'),
      on: {
        'timer.grace': 'killing',
        'run.adopted': { actions: ['recordAdoption', 'attach', 'terminate'] },
      },
    },
    // A process in an uninterruptible wait dies when it wakes up. Until then it is killed again, and not called dead.
    killing: {
      entry: ['kill', 'startKillTimer'],
      exit: cancel('kill'),
      on: {
        'timer.kill': { actions: ['kill', 'startKillTimer'] },
        'run.adopted': { actions: ['recordAdoption', 'attach', 'kill'] },
      },
    },
    // A launch that was claimed, and nobody said by whom. It is not waited for again: what cannot be seen to end here
    // was told to, and cannot begin any more.
    abandoning: {
      id: 'abandoning',
      entry: ['kill', 'startKillTimer'],
      exit: cancel('kill'),
      on: {
        'run.revoked': { target: '#sweeping', actions: ['recordNeverRan', 'publishOutcome'] },
        'run.launch-failed': { target: '#sweeping', actions: ['recordNeverRan', 'publishOutcome'] },
        'timer.kill': { target: '#sweeping', actions: ['recordNeverRan', 'publishOutcome'] },
        // Found so by the next orchestrator.
        'run.claimed': { actions: ['attach', 'kill'] },
        // Just before it was told.
        'run.launched': { target: 'killing', actions: ['recordLaunch', 'attachIfFound'] },
        'run.adopted': { target: 'killing', actions: ['recordAdoption', 'attach'] },
      },
    },
    sweeping: {
      id: 'sweeping',
      initial: 'terminating',
      always: { guard: 'keepsDescendants', target: '#reaped' },
      exit: cancel('sweep'),
      states: {
        terminating: {
          entry: 'sweepAndWait',
          on: {
            'timer.sweep': 'killing',
            'run.adopted': { actions: 'sweepAndWait' },
            // What was given up lives after all.
            'run.launched': { actions: ['recordLaunch', 'sweepAndWait'] },
          },
        },
        killing: {
          entry: [sweep('kill'), 'startLastSweepTimer'],
          on: {
            'timer.sweep': '#reaped',
            'run.adopted': { actions: [sweep('kill'), 'startLastSweepTimer'] },
            'run.launched': { actions: ['recordLaunch', sweep('kill'), 'startLastSweepTimer'] },
          },
        },
      },
      on: {
        'run.swept': { target: '#reaped', actions: 'recordSurvivors' },
        // One outcome a run, and it stands.
        'run.exited': {},
        'run.lost': {},
      },
    },
  },
  on: {
    'start.requested': afterwards,
    'restart.requested': afterwards,
    ...itsEnd,
  },
});

const reaped = unit.createStateConfig({
  id: 'reaped',
  initial: 'deciding',
  // What was given up lives after all, and must not.
  on: { 'run.launched': { actions: ['recordLaunch', sweep('kill')] } },
  states: {
    // Left at once. What comes next is a matter of what is wanted, then of policy.
    deciding: {
      entry: 'weigh',
      always: [
        { guard: 'isRestarting', target: '#spawning' },
        { guard: 'policyRestarts', target: 'backoff' },
        { target: 'settled' },
      ],
    },
    backoff: {
      entry: ['spendBudget', 'startBackoffTimer'],
      exit: cancel('backoff'),
      on: {
        // It waited long enough: a delay is for who asks.
        'timer.backoff': '#spawning.waiting',
        'start.requested': { target: '#spawning', actions: 'takeSide' },
        'restart.requested': { target: '#spawning', actions: 'takeSide' },
        'restart.advised': '#spawning',
        'stop.requested': { target: 'settled', actions: 'takeSide' },
        'terminate.requested': { target: 'settled', actions: 'takeSide' },
      },
    },
    settled: {
      entry: ['rest', 'answerAll', 'forgetIfRemoved'],
      on: {
        'start.requested': { target: '#spawning', actions: ['takeSide', 'forgetFailures'] },
        'restart.requested': { target: '#spawning', actions: ['takeSide', 'forgetFailures'] },
        'restart.advised': [
          { guard: 'wasStoppedByHand' },
          { target: '#spawning', actions: ['wantUp', 'forgetFailures'] },
        ],
        'stop.requested': { actions: 'answer' },
        'terminate.requested': { actions: ['takeSide', 'answerAll', 'forgetIfRemoved'] },
        // What it printed is still there to be read.
        'print.sought': { actions: 'seekPrint' },
      },
    },
  },
});

/** Should keep running: its liveness is watched for as long as it is up. */
export const serverMachine = unit.createMachine({
  id: 'server',
  version: '1',
  context: ({ input }) => newContext(input),
  options: { maxIterations: MAX_ITERATIONS },
  initial: 'reaped',
  on: anywhere,
  states: {
    spawning,
    'waiting-health': waitingHealth,
    running: {
      id: 'running',
      tags: 'alive',
      entry: ['answerUp', 'noteWell', 'startAliveProbe', 'startIdleProbe', 'startStableTimer'],
      exit: ['stopAliveProbe', cancel('stable')],
      initial: 'healthy',
      states: {
        healthy: { tags: 'ready', on: { 'probe.failed': { target: 'unhealthy', actions: 'noteProblem' } } },
        unhealthy: {
          on: {
            'probe.passed': { target: 'healthy', actions: 'noteWell' },
            // A new probe begins with the benefit of the doubt: it tells of a failure, not of a success.
            'run.adopted': {
              target: 'healthy',
              actions: ['recordAdoption', 'attach', 'startAliveProbe', 'startIdleProbe', 'noteWell'],
            },
          },
        },
      },
      on: {
        'start.requested': { actions: 'answer' },
        'timer.stable': { actions: 'recordStable' },
        'probe.exhausted': { target: '#stopping', actions: ['noteProblem', 'becauseUnhealthy'] },
        'run.adopted': { actions: ['recordAdoption', 'attach', 'startAliveProbe', 'startIdleProbe'] },
        ...idling,
        ...whileUp,
      },
    },
    'idle-stalled': {
      tags: ['alive', 'ready'],
      entry: ['noteIdle', 'startAliveProbe'],
      exit: 'stopAliveProbe',
      on: {
        'activity.resumed': 'running',
        'start.requested': { actions: 'answer' },
        'probe.exhausted': { target: '#stopping', actions: ['noteProblem', 'becauseUnhealthy'] },
        'run.adopted': { actions: ['recordAdoption', 'attach', 'startAliveProbe', 'startIdleProbe'] },
        ...whileUp,
      },
    },
    stopping,
    reaped,
  },
});

/** Should end. Its deadline counts from the launch, whatever it does in between. */
export const jobMachine = unit.createMachine({
  id: 'job',
  version: '1',
  context: ({ input }) => newContext(input),
  options: { maxIterations: MAX_ITERATIONS },
  initial: 'reaped',
  on: anywhere,
  states: {
    spawning: jobSpawning,
    'waiting-health': {
      ...waitingHealth,
      on: { ...waitingHealth.on, 'timer.run': { target: '#stopping', actions: 'becauseTimedOut' } },
    },
    running: {
      id: 'running',
      tags: ['alive', 'ready'],
      entry: ['answerUp', 'noteWell', 'startIdleProbe'],
      on: {
        'start.requested': { actions: 'answer' },
        'timer.run': { target: '#stopping', actions: 'becauseTimedOut' },
        'run.adopted': { actions: ['recordAdoption', 'attach', 'startIdleProbe'] },
        ...idling,
        ...whileUp,
      },
    },
    'idle-stalled': {
      tags: ['alive', 'ready'],
      entry: 'noteIdle',
      on: {
        'activity.resumed': 'running',
        'start.requested': { actions: 'answer' },
        'timer.run': { target: '#stopping', actions: 'becauseTimedOut' },
        'run.adopted': { actions: ['recordAdoption', 'attach', 'startIdleProbe'] },
        ...whileUp,
      },
    },
    stopping: { ...stopping, entry: [cancel('run'), 'stopIdleProbe'] },
    reaped,
  },
});

/** Observes and acts. What it sees is gathered while it goes on, and acted on once it is quiet. */
export const watcherMachine = unit.createMachine({
  id: 'watcher',
  version: '1',
  context: ({ input }) => newContext(input),
  options: { maxIterations: MAX_ITERATIONS },
  initial: 'reaped',
  on: anywhere,
  states: {
    spawning,
    'waiting-health': {
      ...waitingHealth,
      on: { ...waitingHealth.on, 'watch.observed': { target: 'running', actions: 'gatherObserved' } },
    },
    running: {
      id: 'running',
      tags: ['alive', 'ready'],
      entry: ['answerUp', 'noteWell', 'startStableTimer'],
      exit: cancel('stable'),
      initial: 'observing',
      states: {
        observing: { on: { 'watch.observed': { target: 'gathering', actions: 'gatherObserved' } } },
        gathering: {
          entry: 'startDebounceTimer',
          exit: cancel('debounce'),
          on: {
            'watch.observed': { target: 'gathering', reenter: true, actions: 'gatherObserved' },
            'timer.debounce': { target: 'observing', actions: 'act' },
          },
        },
      },
      on: {
        'start.requested': { actions: 'answer' },
        'timer.stable': { actions: 'recordStable' },
        'run.adopted': { actions: ['recordAdoption', 'attach'] },
        ...idling,
        ...whileUp,
      },
    },
    'idle-stalled': {
      tags: ['alive', 'ready'],
      entry: 'noteIdle',
      on: {
        'activity.resumed': 'running',
        'watch.observed': { target: 'running.gathering', actions: 'gatherObserved' },
        'start.requested': { actions: 'answer' },
        'run.adopted': { actions: ['recordAdoption', 'attach'] },
        ...whileUp,
      },
    },
    stopping,
    reaped,
  },
});
