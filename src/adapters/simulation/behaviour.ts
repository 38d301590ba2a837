import type { Problem, UnitId } from '../../machines/vocabulary.ts';

/** How a simulated process takes it when it is asked, or told, to end. */
export type Reaction = 'dies' | 'ignores' | { readonly afterMs: number };

/** How one run of a unit behaves. Data, so that a seed can make it and a failure can print it. */
export interface Behaviour {
  /**
   * What becomes of its launch. `hangs`: nobody ever claims it, so it can be taken back. `hangs-claimed`: claimed, and
   * silent for ever. `afterMs`: claimed at once, with a process only later.
   *
   * @default 'ok'
   */
  readonly launch?:
    | 'ok'
    | 'hangs'
    | 'hangs-claimed'
    | { readonly afterMs: number }
    | { readonly fails: Problem; readonly resource?: boolean };
  /** From its birth until a readiness probe passes; `null`: never. @default 0 */
  readonly readyAfterMs?: number | null;
  /** From its birth until it ends by itself; `null`: never. @default null */
  readonly diesAfterMs?: number | null;
  /** From its birth until nothing it does can be seen; `null`: it is always seen to work. @default null */
  readonly quietAfterMs?: number | null;
  /** How it ends when it ends by itself, or does what it was asked. @default { code: 0 } */
  readonly exit?: { readonly code: number } | { readonly signal: NodeJS.Signals };
  /** To being asked, before any signal. It then ends by `exit`. @default 'ignores' */
  readonly onAsk?: Reaction;
  /** To its stop signal. It then ends by that signal. @default 'dies' */
  readonly onTerminate?: Reaction;
  /** A line, and when it is printed, from its birth on. @default null */
  readonly prints?: { readonly line: string; readonly afterMs: number } | null;
  /** What its liveness probe quotes when it fails. @default 'unhealthy' */
  readonly complaint?: string;
  /** Descendants that outlive it. @default 0 */
  readonly strays?: number;
  /** Its strays end only by SIGKILL. @default false */
  readonly strayTermDeaf?: boolean;
  /** Its strays do not end at all, like a process that hangs in the kernel. @default false */
  readonly strayKillDeaf?: boolean;
}

/** By unit; a list is by generation, from 1 on, and its last one goes on for ever. A unit not named behaves well. */
export type Behaviours = Readonly<Record<UnitId, Behaviour | readonly Behaviour[]>>;

export function behaviourOf(behaviours: Behaviours, unitId: UnitId, generation: number): Behaviour {
  const known = behaviours[unitId] ?? {};
  return isList(known) ? (known[generation - 1] ?? known.at(-1) ?? {}) : known;
}

const isList = (known: Behaviour | readonly Behaviour[]): known is readonly Behaviour[] => Array.isArray(known);
