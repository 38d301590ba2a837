import type { RunRef } from '../../machines/commands.ts';
import type { RunId } from '../../machines/vocabulary.ts';
import { type BusyStat, readCpuTable } from '../system/cpu-table.ts';
import { initialEnvironment } from '../system/process-table.ts';
import { MARKER } from './launch-plan.ts';
import { shownCommand } from './port-holder.ts';
import { isLocal, keyOf } from './strays.ts';

export interface CpuSight {
  readonly ownerId: string;
  /** Takes the secrets out of a command line. */
  readonly redact: (text: string) => string;
  /** @default that of this machine */
  readonly readTable?: () => Promise<readonly BusyStat[]>;
  readonly environmentOf?: (pid: number) => readonly string[];
}

/** A process gets its marker as it becomes a command. Who had none when it was looked at so often never has one. */
const LOOKS_FOR_MARKER = 2;

/**
 * Tells which runs have used CPU time since they were looked at the last time, and what in them used most of it. The
 * first look at a run only remembers.
 *
 * A run is its command, what descends from that, what is in its session, and what carries its marker: a live child that
 * works is work of its run. The CPU time of children that have ended is kept by the parent that waited for them.
 */
export function cpuSight({ ownerId, redact, readTable = readCpuTable, environmentOf = initialEnvironment }: CpuSight) {
  const ticks = new Map<string, number>();
  const markers = new Map<string, { readonly runId: RunId | null; readonly looks: number }>();

  const markedRunOf = (stat: BusyStat): RunId | null => {
    const key = keyOf(stat);
    const known = markers.get(key) ?? { runId: null, looks: 0 };
    if (known.runId !== null || known.looks >= LOOKS_FOR_MARKER) return known.runId;
    const marker = environmentOf(stat.pid).find((entry) => entry.startsWith(`${MARKER}=${ownerId}/`));
    const runId = marker?.split('/').at(-1) ?? null;
    markers.set(key, { runId, looks: known.looks + 1 });
    return runId;
  };

  return async (runs: readonly RunRef[]): Promise<ReadonlyMap<RunId, string>> => {
    const table = await readTable();
    keepOnly(table, ticks, markers);
    const known = new Set(runs.filter(({ handle }) => handle?.identity && ticks.has(keyOf(handle.identity))).map(idOf));
    const busiest = new Map<RunId, { readonly stat: BusyStat; readonly used: number }>();
    for (const { stat, runId } of membersOf(runs, table, markedRunOf)) {
      const used = stat.cpuTicks - (ticks.get(keyOf(stat)) ?? 0);
      ticks.set(keyOf(stat), stat.cpuTicks);
      if (used > (busiest.get(runId)?.used ?? 0)) busiest.set(runId, { stat, used });
    }
    const users = [...busiest].filter(([runId]) => known.has(runId));
    return new Map(users.map(([runId, { stat }]) => [runId, shownCommand(stat, redact)]));
  };
}

const idOf = ({ runId }: RunRef): RunId => runId;

/** Forgets who is gone. */
function keepOnly(table: readonly BusyStat[], ...remembered: readonly Map<string, unknown>[]): void {
  const here = new Set(table.map(keyOf));
  for (const map of remembered) for (const key of map.keys()) if (!here.has(key)) map.delete(key);
}

/** The processes of these runs. */
function membersOf(
  runs: readonly RunRef[],
  table: readonly BusyStat[],
  markedRunOf: (stat: BusyStat) => RunId | null,
): readonly { readonly stat: BusyStat; readonly runId: RunId }[] {
  const roots = new Map<number, { readonly runId: RunId; readonly startTicks: string }>();
  for (const { runId, handle } of runs) {
    const identity = handle?.identity;
    if (identity && isLocal(identity)) roots.set(identity.pid, { runId, startTicks: identity.startTicks });
  }
  const asked = new Set(runs.map(idOf));
  const byPid = new Map(table.map((stat) => [stat.pid, stat]));
  const oldest = [...roots.values()].reduce((ticks, root) => Math.min(ticks, Number(root.startTicks)), Infinity);
  const owners = new Map<number, RunId | null>();

  function ownerOf(stat: BusyStat): RunId | null {
    const known = owners.get(stat.pid);
    if (known !== undefined) return known;
    // Whoever comes around to it again, in a table that is not of one instant, gets no further.
    owners.set(stat.pid, null);
    const owner = findOwner(stat);
    owners.set(stat.pid, owner);
    return owner;
  }
  function findOwner(stat: BusyStat): RunId | null {
    // Nothing is older than what started it.
    if (Number(stat.startTicks) < oldest) return null;
    const own = roots.get(stat.pid);
    if (own?.startTicks === stat.startTicks) return own.runId;
    const leader = roots.get(stat.sessionId);
    if (leader && Number(stat.startTicks) >= Number(leader.startTicks)) return leader.runId;
    const parent = byPid.get(stat.parentPid);
    const inherited = parent ? ownerOf(parent) : null;
    if (inherited !== null) return inherited;
    const marked = markedRunOf(stat);
    return marked !== null && asked.has(marked) ? marked : null;
  }
  return table.flatMap((stat) => {
    const runId = ownerOf(stat);
    return runId === null ? [] : [{ stat, runId }];
  });
}
