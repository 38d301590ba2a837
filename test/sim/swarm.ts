import type { Call, Trouble } from '../../src/adapters/simulation/faults.ts';
import type { Step } from '../../src/testing/steps.ts';
import { chance, oneOf } from '../support/chance.ts';

export type Deed = Step['do'];

/**
 * What may happen in the scenarios of one seed, and how often. Each seed has a swarm of its own: where everything may
 * always happen, many faults hide each other, and a queue never fills because a crash comes first.
 */
export interface Swarm {
  readonly weights: ReadonlyMap<Deed, number>;
  readonly calls: readonly Call[];
  readonly troubles: readonly Trouble[];
  /** The pause before a step is one of these. */
  readonly waitsMs: readonly number[];
  readonly unitsMax: number;
  readonly stepsMax: number;
  readonly pidsMax: number;
  readonly onFile: boolean;
  /** Whether processes misbehave at all. */
  readonly isCalm: boolean;
}

const ASKED: readonly Deed[] = ['start', 'stop', 'restart', 'terminate', 'up', 'down', 'add'];
const HAPPENING: readonly Deed[] = ['kill', 'vanish', 'sicken', 'recover', 'fork', 'say', 'touch'];
const DISTURBING: readonly Deed[] = [
  ...(['crash', 'leave', 'reboot', 'suspend', 'jump', 'stall', 'lag', 'disk', 'crowd', 'fault', 'bug'] as const),
];
const CALLS: readonly Call[] = [
  'launch',
  'revoke',
  'attach',
  'endRun',
  'sweep',
  'sight',
  'discard',
  'startProbe',
  'report',
];
const TROUBLES: readonly Trouble[] = ['throws', 'throws-late', 'never-answers', 'slow', 'twice'];
const PACES = [
  [0, 1, 5],
  [0, 10, 200, 1_000],
  [100, 1_000, 10_000],
  [0, 1, 500, 5_000, 31_000, 120_000],
  [0, 1_000, 3_600_000],
] as const;
const FILES_ONE_IN = 40;

export function swarmOf(seed: number): Swarm {
  const random = chance(seed);
  const isOn = (odds: number): boolean => random() < odds;
  const weights = new Map<Deed, number>([['up', 4]]);
  for (const deed of ASKED) if (isOn(0.6)) weights.set(deed, 1 + Math.floor(random() * 5));
  for (const deed of HAPPENING) if (isOn(0.5)) weights.set(deed, 1 + Math.floor(random() * 4));
  for (const deed of DISTURBING) if (isOn(0.35)) weights.set(deed, 1 + Math.floor(random() * 2));
  if (isOn(0.5)) weights.set('fault', 2 + Math.floor(random() * 4));
  return {
    weights,
    calls: CALLS.filter(() => isOn(0.5)),
    troubles: TROUBLES.filter(() => isOn(0.5)),
    waitsMs: oneOf(PACES, random),
    unitsMax: 1 + Math.floor(random() * 6),
    stepsMax: 10 + Math.floor(random() * 110),
    pidsMax: oneOf([12, 40, 30_000], random),
    onFile: random() < 1 / FILES_ONE_IN,
    isCalm: isOn(0.2),
  };
}
