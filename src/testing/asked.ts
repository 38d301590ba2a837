import type { UnitId } from '../machines/vocabulary.ts';

export type Wish = 'start' | 'stop' | 'restart' | 'terminate';

/** A request and what became of it. */
export interface Asked {
  readonly what: Wish | 'up' | 'down';
  /** `null`: all of them. */
  readonly unit: UnitId | null;
  /** Which orchestrator was asked, from 1. */
  readonly life: number;
  readonly atMonoMs: number;
  /** `'waiting'`, `'done'`, or the code of its refusal. */
  answer: string;
}

/** Follows a request to its answer. The dead give none. */
export function followed(asked: Omit<Asked, 'answer'>, answer: Promise<void>, isDead: () => boolean): Asked {
  const following: Asked = { ...asked, answer: 'waiting' };
  const hear = (words: string): void => {
    if (!isDead()) following.answer = words;
  };
  answer.then(
    () => hear('done'),
    (error: unknown) => hear(error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
  return following;
}
