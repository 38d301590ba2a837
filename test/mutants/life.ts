import type { Mutant } from './mutant.ts';

/** Breakages of what is decided: the machines and their policies. */
export const LIFE: readonly Mutant[] = [
  {
    name: 'a signal of ours is taken for a crash',
    invariant: 'I3',
    file: 'src/machines/unit-runs.ts',
    find: 'outcomeOf(context.ending, event.exit, context.took)',
    replace: 'outcomeOf(null, event.exit, context.took)',
    tests: ['test/actors/lifecycle.test.ts'],
  },
  {
    name: 'a change of what was done to end a run is left out of the journal',
    invariant: 'I5',
    file: 'src/machines/step.ts',
    find: "if (from === to || key === 'spec') continue;",
    replace: "if (from === to || key === 'spec' || key === 'took') continue;",
    tests: ['test/actors/fold.test.ts'],
  },
  {
    name: 'a fact of an earlier run is taken for one of this run',
    invariant: 'I6',
    file: 'src/machines/step.ts',
    find: "return 'generation' in event && event.generation !== snapshot.context.generation;",
    replace: 'return false;',
    tests: ['test/machines', 'test/actors'],
  },
  {
    name: 'who is superseded is not told',
    invariant: 'I6',
    file: 'src/machines/unit-requests.ts',
    find: "if ((WISH[wish.type] === 'up') === isUp) continue;",
    replace: 'continue;',
    tests: ['test/actors/requests.test.ts', 'test/machines'],
  },
  {
    name: 'a request is answered twice',
    invariant: 'I6',
    file: 'src/machines/unit-requests.ts',
    find: "    enqueue.assign({ wishes: context.wishes.filter((wish) => WISH[wish.type] !== 'up') });\n",
    replace: '',
    tests: ['test/actors/', 'test/machines'],
  },
  {
    name: 'the shutdown is over before everybody is at rest',
    invariant: 'I9',
    file: 'src/machines/supervisor.ts',
    find: 'allAtRest: ({ event }) => event.up === 0,',
    replace: 'allAtRest: () => true,',
    tests: ['test/actors/supervision.test.ts', 'test/machines'],
  },
  {
    name: 'a restart budget allows one restart more than it says',
    invariant: 'I3',
    file: 'src/machines/restart-policy.ts',
    find: 'recent.length >= policy.max',
    replace: 'recent.length > policy.max',
    tests: ['test/machines/restart-policy.test.ts'],
  },
  {
    name: 'policy restarts what was stopped by hand',
    invariant: 'I6',
    file: 'src/machines/unit-runs.ts',
    find: "!context.outcome || context.desired !== 'up'",
    replace: '!context.outcome',
    tests: ['test/actors/', 'test/machines'],
  },
];
