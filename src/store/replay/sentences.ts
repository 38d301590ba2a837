/** Entries as people would tell them. */
import type { EventBody } from '../../machines/events.ts';
import { SUPERVISOR } from '../../machines/supervisor.ts';
import { stateOf } from '../../machines/view.ts';
import type { Entry, StateValue } from '../rows.ts';
import type { UnitMoment } from './fold.ts';

/** What happened to whom, and what the unit did about it, in one sentence. */
export function sentenceOf({ unitId, event, value, commands }: Entry, before: UnitMoment | null): string {
  const who = unitId === SUPERVISOR ? 'The supervisor' : `"${unitId}"`;
  const happened = wordsOf(event);
  const [from, to] = [before === null ? null : printState(before.value), printState(value)];
  const did = commands.flatMap(({ type, params }) => DEEDS[type]?.(params as Params | undefined) ?? []);
  const stays = from === to ? '' : from === null ? `: it is ${to}` : `: from ${from} to ${to}`;
  return `${who} ${happened}${stays}${did.length > 0 ? ` (${[...new Set(did)].join(', ')})` : ''}.`;
}

/** `{ reaped: 'backoff' }` is `reaped.backoff`. */
export function printState(value: StateValue): string {
  const { state, substate } = stateOf(value);
  return substate === null ? state : `${state}.${substate}`;
}

type Params = Readonly<Record<string, unknown>>;

function wordsOf(event: EventBody): string {
  const words: ((event: never) => string) | undefined = WORDS[event.type as keyof typeof WORDS];
  if (words) return words(event as never);
  return event.type.startsWith('timer.') ? `had waited long enough (${event.type.slice(6)})` : `got ${event.type}`;
}

type Words = { readonly [Type in EventBody['type']]?: (event: Extract<EventBody, { readonly type: Type }>) => string };

const asked = (what: string) => (event: { readonly by: string }) => `was asked by ${event.by} to ${what}`;

const WORDS: Words = {
  'start.requested': asked('start'),
  'stop.requested': asked('stop'),
  'restart.requested': asked('restart'),
  'terminate.requested': asked('end and be forgotten'),
  'restart.advised': ({ by, held }) =>
    `was told by ${by} to start over${held ? ', when nobody needs it any more' : ''}`,
  'run.launched': ({ handle, adopted }) => (adopted ? `was found alive (pid ${handle.pid})` : `got pid ${handle.pid}`),
  'run.launch-failed': ({ problem }) => `could not be launched: ${problem.message.replace(/\.$/, '')}`,
  'run.revoked': () => 'was not launched after all',
  'run.claimed': () => 'is being launched by somebody who has not said yet who it is',
  'run.adopted': ({ handle }) => `is watched again (pid ${handle.pid})`,
  'run.exited': ({ exit }) => `ended ${exit.signal !== null ? `by ${exit.signal}` : `with code ${exit.code}`}`,
  'run.lost': () => 'was gone, and nobody saw how',
  'run.swept': ({ survivors }) =>
    survivors.length === 0 ? 'left nothing behind' : `left ${survivors.length} processes that would not end`,
  'run.progressed': ({ text }) => `said how far it is: ${text}`,
  'run.blocked': ({ on }) => (on === null ? 'waits for nobody any more' : `waits for somebody: ${on}`),
  'probe.passed': ({ probe }) => `passed its ${probe} probe`,
  'probe.failed': ({ probe, detail }) => `failed its ${probe} probe: ${detail}`,
  'probe.exhausted': ({ probe, detail }) => `failed its ${probe} probe too often: ${detail}`,
  'activity.ceased': () => 'did nothing that can be seen any more',
  'activity.resumed': ({ text }) => `was busy again: ${text}`,
  'driver.failed': ({ command, problem }) => `could not be made to ${command}: ${problem.message.replace(/\.$/, '')}`,
  'watch.observed': ({ what }) => `saw ${what.slice(0, 3).join(', ')}${what.length > 3 ? ', …' : ''}`,
  'dependencies.met': () => 'has all that it waited for',
  'dependencies.failed': ({ problem }) => `waits in vain: ${problem.message.replace(/\.$/, '')}`,
  'unit.added': ({ kind }) => (kind === 'supervisor' ? 'began, with a new orchestrator' : `was added, a ${kind}`),
  'unit.released': () => 'began again, after its quarantine',
  'unit.changed': ({ unit }) => `looked at what the change of "${unit}" means for others`,
  'up.requested': () => 'was asked to start everything',
  'down.requested': () => 'was asked to stop everything',
};

/** What follows outside. What only concerns us, such as a timer that is cancelled, explains nothing. */
const DEEDS: Readonly<Record<string, (params: Params | undefined) => string>> = {
  launch: () => 'it is launched',
  revoke: () => 'its launch is taken back',
  attach: () => 'it is watched',
  endRun: (params) => ENDS[String(params?.how)] ?? 'it is made to end',
  sweep: () => 'what it left is ended',
  startTimer: (params) => `${String(params?.timer)} in ${String(params?.ms)} ms`,
  tell: (params) => `"${String(params?.to)}" is told`,
};

const ENDS: Readonly<Record<string, string>> = {
  ask: 'it is asked to end',
  terminate: 'it gets its stop signal',
  kill: 'it is killed',
};
