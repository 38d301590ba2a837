import type { RunId, UnitId } from '../../machines/vocabulary.ts';
import type { ProcessStat } from '../system/identity.ts';
import { commandLine, initialEnvironment } from '../system/process-table.ts';
import { MARKER } from './launch-plan.ts';
import type { ListeningSocket } from './listeners.ts';
import { RUN_ID } from './run-directory.ts';

/**
 * What a server binds that is told a port and nothing else, or `localhost`. Who has another address is not in its way.
 */
const IN_THE_WAY = new Set(['0.0.0.0', '::', '127.0.0.1', '::1', '::ffff:0.0.0.0', '::ffff:127.0.0.1']);

export const isInTheWay = ({ address }: ListeningSocket): boolean => IN_THE_WAY.has(address);

/** They listen on behalf of others, in containers mostly: that it is them says nothing about who answers. */
const FORWARDERS = new Set(['docker-proxy', 'rootlessport', 'rootlesskit', 'slirp4netns', 'pasta']);

export const isForwarder = ({ name }: Pick<ProcessStat, 'name'>): boolean => FORWARDERS.has(name);

const COMMAND_CHARS_MAX = 80;

/** A command line for people. What is cut was redacted before: half a secret would not be recognised as one. */
export function shownCommand(stat: ProcessStat, redact: (text: string) => string): string {
  const line = redact(commandLine(stat))
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > COMMAND_CHARS_MAX ? `${line.slice(0, COMMAND_CHARS_MAX)}…` : line;
}

export interface MarkedRun {
  readonly unitId: UnitId;
  readonly runId: RunId;
}

/**
 * The run of this installation that a process belongs to, by its marker or that of a process it descends from.
 *
 * `null`: a stranger. One of ours that has cleared its environment and lost its parents is taken for one.
 */
export function markedRunOf(stat: ProcessStat, table: readonly ProcessStat[], ownerId: string): MarkedRun | null {
  const prefix = `${MARKER}=${ownerId}/`;
  const byPid = new Map(table.map((one) => [one.pid, one]));
  const seen = new Set<number>([process.pid]);
  for (let at: ProcessStat | undefined = stat; at && !seen.has(at.pid); at = byPid.get(at.parentPid)) {
    seen.add(at.pid);
    const marker = initialEnvironment(at.pid).find((entry) => entry.startsWith(prefix));
    const [unitId, runId] = marker?.slice(prefix.length).split('/') ?? [];
    if (unitId && runId && RUN_ID.test(runId)) return { unitId, runId };
  }
  return null;
}
