import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { UnitId } from '../../machines/vocabulary.ts';

/** Below the ports that systems give to clients (32768 and up on Linux), above those that have names. */
const FIRST_PORT = 20_000;
const PORTS = 12_768;
/** After so many that are taken, the system is asked for any. */
const CANDIDATES_MAX = 32;

export interface PortChoice {
  /** A port for the next run of a unit: the one it had, if that is free. `former`: where nobody here remembers one. */
  choose(unitId: UnitId, former?: number | null): Promise<number>;
  /** A run of the unit has this one. */
  remember(unitId: UnitId, port: number): void;
  forget(unitId: UnitId): void;
}

export interface Chooser {
  /** So that two installations do not want the same ones. */
  readonly ownerId: string;
  /** Whether a server could have this port now. What is left of a run that is over may be ended for that. */
  isFree(port: number): Promise<boolean>;
}

/**
 * Chooses ports for `port: auto`.
 *
 * By the name of the unit, so that it has the same one tomorrow, without anybody remembering it; one that is taken is
 * passed over. Between the choice and the moment in which the command listens anybody may take it: then the command
 * says so and ends, or readiness names who it was, and the next run gets another one.
 */
export function portChoice({ ownerId, isFree }: Chooser): PortChoice {
  const given = new Map<UnitId, number>();
  const isGiven = (unitId: UnitId, port: number): boolean =>
    [...given].some(([other, taken]) => other !== unitId && taken === port);

  return {
    async choose(unitId, former = null) {
      const last = given.get(unitId) ?? former;
      for (const port of [...(last === null ? [] : [last]), ...candidates(ownerId, unitId)]) {
        if (isGiven(unitId, port)) continue;
        // Given before it is looked at: two that look at the same time must not take the same.
        given.set(unitId, port);
        if (await isFree(port)) return port;
      }
      for (;;) {
        const port = await anyPort();
        if (isGiven(unitId, port)) continue;
        given.set(unitId, port);
        return port;
      }
    },
    remember: (unitId, port) => void given.set(unitId, port),
    forget: (unitId) => void given.delete(unitId),
  };
}

/** Where a unit would like to listen, the best place first. */
export function candidates(ownerId: string, unitId: UnitId): readonly number[] {
  const first = createHash('sha256').update(`${ownerId}/${unitId}`).digest().readUInt32BE() % PORTS;
  // A prime step that has no factor in common with the number of ports comes to each of them.
  return Array.from({ length: CANDIDATES_MAX }, (_, index) => FIRST_PORT + ((first + index * 101) % PORTS));
}

async function anyPort(): Promise<number> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1', exclusive: true });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
