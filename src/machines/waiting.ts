import { type QueueView, type UnitView, unmetRequirements, wordsOf, wordsOfNeed } from './supervision.ts';
import type { UnitId } from './vocabulary.ts';

/** What is true of others, for whoever asks why a unit waits. */
export interface Surroundings {
  viewOf(id: UnitId): UnitView | undefined;
  /** In its own words; `''`: it has nothing to say. */
  whyOf(id: UnitId): string;
  /** `null`: it is in no queue. */
  queueOf(id: UnitId): QueueView | null;
}

/** Names of those who hold room, and how deep the reasons of reasons go. */
const NAMES_MAX = 5;
const DEPTH_MAX = 5;

/**
 * Why a unit does not begin, down to the first reason, in one sentence. `''`: it waits for nothing.
 *
 * Worked out when somebody asks: it changes whenever anything changes that it waits for, however far away.
 */
export function whyItWaits(view: UnitView, surroundings: Surroundings, depth = 0): string {
  if (view.substate === 'delayed') return 'waits until its delay is over';
  if (view.substate === 'queued') return roomWords(surroundings.queueOf(view.id));
  if (view.substate !== 'waiting') return '';
  const unmet = unmetRequirements(view, { get: (id) => surroundings.viewOf(id) });
  const needs = unmet.map(
    ({ id, requirement }) => `${wordsOfNeed(id, requirement)} (${reasonOf(id, surroundings, depth)})`,
  );
  return needs.length === 0 ? 'its turn comes at once' : `waits for ${needs.join(' and ')}`;
}

function reasonOf(id: UnitId, surroundings: Surroundings, depth: number): string {
  const other = surroundings.viewOf(id);
  if (!other) return 'it is gone';
  const waits = depth < DEPTH_MAX ? whyItWaits(other, surroundings, depth + 1) : '';
  if (waits !== '') return `it ${waits}`;
  const why = surroundings.whyOf(id).replace(/\.$/, '');
  return `it is ${wordsOf(other)}${why && `: ${why}`}`;
}

function roomWords(queue: QueueView | null): string {
  if (queue === null) return 'waits for room in its queue';
  const { name, concurrency, holders } = queue;
  const shown = holders.slice(0, NAMES_MAX).join(', ');
  const more = holders.length > NAMES_MAX ? ` and ${holders.length - NAMES_MAX} more` : '';
  return `waits for room: ${holders.length} of ${concurrency} in queue ${name}${shown && `: ${shown}${more}`}`;
}
