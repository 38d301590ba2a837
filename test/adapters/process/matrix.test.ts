/**
 * Every state a unit can be in when its orchestrator is killed, against all that can meanwhile become of its run.
 *
 * Real processes, the real store, and afterwards another orchestrator on the same directory.
 */
import { expect, test } from 'vitest';
import { identify } from '../../../src/adapters/system/identity.ts';
import { leftIn } from '../../support/host.ts';
import { type Crashable, inWords, UNIT } from './crashable.ts';
import { type Scene, sceneFor, WORLDS, type World } from './matrix-scenes.ts';
import { STATES } from './matrix-states.ts';

interface Recovered {
  readonly state: string;
  /** Whose process it takes for the run under way: that of its first run, or of a later one. */
  readonly pid: 'its own' | 'another' | 'a wrong one' | null;
  /** How each of its runs ended, oldest first; `null`: it goes on. */
  readonly runs: readonly (string | null)[];
  readonly launches: number;
}

const lives = (state: string): Recovered => ({ state, pid: 'its own', runs: [null], launches: 1 });
const over = (outcome: string, state = 'reaped/settled'): Recovered => ({
  state,
  pid: null,
  runs: [outcome],
  launches: 1,
});
const anew = (outcome: string): Recovered => ({
  state: 'running/healthy',
  pid: 'another',
  runs: [outcome, null],
  launches: 1,
});

const LAUNCHED = 'not possible: this state begins with a fact about a process, which somebody launched';
const IDENTIFIED = 'not possible: this state begins with the identity of the process in the journal';
const OUTCOME = 'not possible: sweeping begins with an outcome, which needs an end or a loss';
const ENDED = 'not possible: backoff begins with an outcome, which needs an end or a loss';

/** What is true in the end. A text says why there is no such case. */
const TABLE: Record<keyof typeof STATES, Record<keyof typeof WORLDS, Recovered | string>> = {
  spawning: {
    'it lives': lives('running/healthy'),
    'it ended with a record': over('failed 7'),
    'it ended without a record': over('lost'),
    'the launch was never begun': anew('stopped'),
    'the launch was prepared, and never claimed': anew('stopped'),
    'nothing of it is left': 'not possible to tell from a launch that was never begun, and treated as such',
    'it is claimed, and says who it is when we are back': lives('running/healthy'),
    'it is claimed, and its launcher dies when we are back': anew('launch-failed'),
    'it is claimed, and its launcher died': anew('stopped'),
    'only its claim is left, and it lives':
      'not possible: a record appears together with its directory and is never removed without it',
    'its pid is a stranger’s': over('lost'),
  },
  'waiting-health': up('waiting-health'),
  running: up('running/healthy'),
  'idle-stalled': up('idle-stalled'),
  'stopping/asking': ending('stopped 0'),
  'stopping/terminating': ending('stopped 0'),
  'stopping/killing': ending('stopped SIGKILL'),
  'stopping/sweeping': {
    ...up('stopping/sweeping'),
    'it lives': OUTCOME,
    'it ended with a record': over('stopped 0'),
    'it ended without a record': over('lost'),
    'nothing of it is left': over('stopped 0'),
    'only its claim is left, and it lives': OUTCOME,
    'its pid is a stranger’s': over('stopped 0'),
  },
  backoff: {
    'it lives': ENDED,
    'it ended with a record': over('failed 7', 'reaped/backoff'),
    'it ended without a record': over('lost', 'reaped/backoff'),
    'the launch was never begun': ENDED,
    'the launch was prepared, and never claimed': ENDED,
    'nothing of it is left': over('failed 7', 'reaped/backoff'),
    'it is claimed, and says who it is when we are back': ENDED,
    'it is claimed, and its launcher dies when we are back': ENDED,
    'it is claimed, and its launcher died': ENDED,
    'only its claim is left, and it lives': ENDED,
    'its pid is a stranger’s': over('failed 7', 'reaped/backoff'),
  },
};

function up(state: string): Record<keyof typeof WORLDS, Recovered | string> {
  return {
    'it lives': lives(state),
    'it ended with a record': over('failed 7'),
    'it ended without a record': over('lost'),
    'the launch was never begun': LAUNCHED,
    'the launch was prepared, and never claimed': LAUNCHED,
    'nothing of it is left': over('lost'),
    'it is claimed, and says who it is when we are back': IDENTIFIED,
    'it is claimed, and its launcher dies when we are back': IDENTIFIED,
    'it is claimed, and its launcher died': IDENTIFIED,
    'only its claim is left, and it lives': lives(state),
    'its pid is a stranger’s': over('lost'),
  };
}

/** It is to end. Where it lives, it is told so again. */
function ending(lived: string): Record<keyof typeof WORLDS, Recovered | string> {
  return {
    ...up('stopping'),
    'it lives': over(lived),
    'it ended with a record': over('stopped 7'),
    'it ended without a record': over('stopped'),
    'nothing of it is left': over('stopped'),
    'only its claim is left, and it lives': over('stopped'),
    'its pid is a stranger’s': over('stopped'),
  };
}

const CELLS = Object.entries(TABLE).flatMap(([state, row]) =>
  Object.entries(row).flatMap(([world, expected]) =>
    typeof expected === 'string' ? [] : [{ state, world, expected } as Cell],
  ),
);
interface Cell {
  readonly state: keyof typeof STATES;
  readonly world: keyof typeof WORLDS;
  readonly expected: Recovered;
}

test.each(CELLS)('killed while $state, and then: $world', async ({ state, world: name, expected }) => {
  const scene = await sceneFor(STATES[state]);
  const world: World = WORLDS[name];
  await STATES[state].reach(scene, world);
  // Asked for while the store is open.
  scene.directory();
  await world.begun?.(scene);
  await scene.unit.crash();
  await world.meanwhile(scene);

  const next = await scene.reopen();
  world.later?.(scene);
  await expect.poll(() => recovered(scene, next), { timeout: 10_000 }).toEqual(expected);

  if (state === 'backoff') {
    await next.orchestrator.request(UNIT, 'start.requested', 'test');
    await expect.poll(() => scene.launches().length, { timeout: 10_000 }).toBe(expected.launches + 1);
  }
  await next.orchestrator.down();
  const known = next.runs().map((run) => run.runId);
  const launched = scene.launches().map((launch) => launch.runId);
  expect({
    twice: launched.filter((id, index) => launched.indexOf(id) !== index),
    unknown: launched.filter((id) => !known.includes(id)),
    open: next.runs().filter(({ outcome }) => outcome === null),
    stranger: identify(scene.stranger.pid),
  }).toEqual({ twice: [], unknown: [], open: [], stranger: scene.stranger });
  await next.crash();
  expect(await leftIn(scene.stateDir)).toEqual([]);
});

test('killed again while it waits to hear who was launched, and then: it says so', async () => {
  const world: World = WORLDS['it is claimed, and says who it is when we are back'];
  const scene = await sceneFor(STATES.spawning);
  await STATES.spawning.reach(scene, world);
  scene.directory();
  await world.begun?.(scene);
  await scene.unit.crash();
  const second = await scene.reopen();
  expect(second.state()).toBe('spawning/adopting');
  await second.crash();

  const third = await scene.reopen();
  expect(third.state()).toBe('spawning/adopting');
  world.later?.(scene);
  await expect.poll(() => recovered(scene, third), { timeout: 10_000 }).toEqual(lives('running/healthy'));
  await third.orchestrator.down();
  await third.crash();
  expect(await leftIn(scene.stateDir)).toEqual([]);
});

function recovered(scene: Scene, unit: Crashable): Recovered {
  const launches = scene.launches();
  const pid = unit.state().startsWith('reaped') ? null : unit.pid();
  return {
    state: unit.state(),
    pid: pid === null ? null : whose(pid, unit, launches),
    runs: unit.runs().map(({ outcome }) => inWords(outcome)),
    launches: launches.length,
  };
}

function whose(pid: number, unit: Crashable, launches: ReturnType<Scene['launches']>): Recovered['pid'] {
  const launch = launches.find((one) => one.pid === pid);
  if (launch?.runId !== unit.runs().at(-1)?.runId) return 'a wrong one';
  return launch?.runId === unit.runs()[0]?.runId ? 'its own' : 'another';
}
