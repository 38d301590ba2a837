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

/** Follows a request to its answer. */
export function followed(asked: Omit<Asked, 'answer'>, answer: Promise<void>): Asked {
  const following: Asked = { ...asked, answer: 'waiting' };
  answer.then(
    () => {
      following.answer = 'done';
    },
    (error: unknown) => {
      const hasCode = error instanceof Error && 'code' in error;
      following.answer = hasCode ? String(error.code) : String(error);
    },
  );
  return following;
}
