import type { EndMethod, ExitReport, Json } from './vocabulary.ts';

/** Why a run ended. Every run gets exactly one. */
export const OUTCOMES = [
  'finished',
  'failed',
  'crashed',
  'stopped',
  'terminated',
  'timed-out',
  'idle',
  'unhealthy',
  'start-timeout',
  'launch-failed',
  'blocked',
  'lost',
] as const;
export type OutcomeKind = (typeof OUTCOMES)[number];

/** The first reason a run has to end. What follows from it (a signal, an exit code) does not replace it (I3). */
export interface Ending {
  readonly kind: OutcomeKind;
  /** Who or what asked: `user`, `group:backend`, `orchestrator-death`, … `null` where nobody did. */
  readonly by: string | null;
  readonly detail: string | null;
}

export interface Outcome {
  readonly kind: OutcomeKind;
  readonly code: number | null;
  readonly signal: string | null;
  readonly rawStatus: number | null;
  /** `false`: the shell could not tell an exit code from a signal. */
  readonly certain: boolean;
  readonly by: string | null;
  readonly detail: string | null;
  /** What it took to end it, in order. Empty: it ended by itself, or somebody else ended it. */
  readonly took: readonly EndMethod[];
  readonly endedMs: number;
  /** What a function returned. Absent: it did not return, or is none. */
  readonly value?: Json;
}

/** What the exit says where nothing was known before: a code of 0, another code, or a signal that was not ours. */
export function outcomeOf(ending: Ending | null, exit: ExitReport, took: readonly EndMethod[]): Outcome {
  const { code, signal, rawStatus, certain, endedMs, by } = exit;
  const known = ending ?? (by ? { kind: 'stopped' as const, by, detail: null } : null);
  const kind = known?.kind ?? (signal !== null ? 'crashed' : code === 0 ? 'finished' : 'failed');
  const { by: who, detail } = known ?? { by: null, detail: exit.threw ?? null };
  const value = exit.returned === undefined ? {} : { value: exit.returned };
  return { kind, code, signal, rawStatus, certain, by: who, detail, took, endedMs, ...value };
}

/** For a run that ended without anybody seeing how, or that never began. */
export function outcomeWithoutExit(ending: Ending, endedMs: number): Outcome {
  return { ...ending, code: null, signal: null, rawStatus: null, certain: true, took: [], endedMs };
}

/** How it ended, for people. */
export function wordsOfEnd({ kind, code, signal }: Outcome): string {
  const how = signal !== null ? `by ${signal}` : code !== null ? `with code ${code}` : 'unseen';
  return kind === 'timed-out' ? 'it took longer than its timeout' : `it ended ${how}`;
}

/** What restart policy `failure` means by a failure. Asked-for ends are none. */
export function isFailure(kind: OutcomeKind): boolean {
  return kind !== 'finished' && kind !== 'stopped' && kind !== 'terminated';
}
