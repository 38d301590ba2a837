import { randomBytes, randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { openOrchestrator } from '../actors/orchestrator.ts';
import { inProcessDriver } from '../adapters/in-process/driver.ts';
import type { GivenFunctions } from '../adapters/in-process/functions.ts';
import { secretsRegistry } from '../adapters/log/secrets.ts';
import { silentLog } from '../adapters/log/silent.ts';
import { systemProbes } from '../adapters/probe/probes.ts';
import { processDriver } from '../adapters/process/driver.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { identify } from '../adapters/system/identity.ts';
import { requireLinux } from '../adapters/system/platform.ts';
import { fileWatchDriver } from '../adapters/watch/files.ts';
import { isFault, problemOf } from '../machines/errors.ts';
import { assertConsistent, type UnitSpec } from '../machines/spec.ts';
import { stateOf } from '../machines/view.ts';
import type { RunId, UnitId } from '../machines/vocabulary.ts';
import { isDamaged } from '../store/damage.ts';
import { failureOf, isOutside } from '../store/failure.ts';
import { lockStateDir } from '../store/lock.ts';
import type { Store } from '../store/rows.ts';
import { openStore } from '../store/store.ts';
import { deathPolicy, withDeathPolicy } from './death-policy.ts';
import { OpenRefused } from './errors.ts';
import { isOwed, keepFunctions } from './functions.ts';
import { assertOptions } from './options.ts';
import { establishOwnerToken } from './owner-token.ts';
import { isLeftByPlan } from './plan.ts';
import { createReeve, type Session } from './reeve.ts';
import { keepDamaged, keepUnknownRuns, salvage, setNotice } from './salvage.ts';
import { withoutSecrets } from './secrets.ts';
import { decodedSpec } from './specs.ts';
import { makeStateDir, resolveStateDir } from './state-dir.ts';
import type { OpenOptions, Reeve } from './types.ts';

export const STORE_FILE = 'reeve.db';

/**
 * Opens an orchestrator: takes the state directory, puts every unit where it was, and starts what shall be up.
 *
 * After a crash of ours, runs that still live are adopted, those that ended are recorded with their own ending, and
 * nothing that was stopped is started. After a clean close everything given starts anew.
 *
 * A store that is damaged is moved aside and kept; of what it knew, what still runs is adopted.
 *
 * **Example** (Run a job to its end)
 *
 * ```ts
 * await using reeve = await openReeve({ stateDir });
 * (await reeve.run(job({ id: 'hello', command: ['echo', 'hello'] }))).output.tail // => 'hello\n'
 * ```
 *
 * @throws {StateDirBusy} Another orchestrator holds the state directory.
 * @throws {StateDirUnusable} No state can be kept there.
 * @throws {InvalidSpec} The units do not fit together.
 * @throws {NotAStore | SchemaTooNew | StoreUnopenable} The store is not ours to use.
 * @throws {OpenRefused} The system is out of descriptors, memory or space. Nothing is left open.
 * @throws {PlatformNotYet} Not on Linux.
 */
export async function openReeve(options: OpenOptions = {}): Promise<Reeve> {
  requireLinux('Orchestrating processes');
  const plan = planOf(options);
  const { stateDir, clock, log, secrets } = plan;
  makeStateDir(stateDir);
  const sinceMs = clock.wallMs();
  let unlock = (): void => {};
  try {
    unlock = lockStateDir(stateDir, { pid: process.pid, identity: identify(process.pid), sinceMs });
    const hold = { sinceMs, unlock };
    secrets.add(establishOwnerToken(stateDir));
    return await openHeld(plan, hold).catch((error: unknown) => {
      if (!isDamaged(error)) throw error;
      keepDamaged(join(stateDir, STORE_FILE), error, { clock, log });
      return openHeld(plan, hold);
    });
  } catch (error) {
    unlock();
    throw isFault(error) || !isOutside(error) ? error : new OpenRefused({ stateDir, failure: failureOf(error) });
  }
}

/** The options as they are used: checked, decoded, with their defaults. Nothing was touched yet. */
function planOf(options: OpenOptions) {
  assertOptions(options);
  const env = options.env ?? process.env;
  const cwd = process.cwd();
  const policy = deathPolicy(options.onOrchestratorDeath);
  const complete = (spec: UnitSpec): UnitSpec => withDeathPolicy(decodedSpec(spec), policy);
  const given = (options.units ?? []).map(complete);
  assertConsistent(given);
  const functions: GivenFunctions = new Map();
  const units = keepFunctions(given, functions);
  const secrets = secretsRegistry();
  return {
    options,
    env,
    units,
    functions,
    complete,
    secrets,
    stateDir: resolveStateDir({ stateDir: options.stateDir, cwd, env }),
    project: options.name ?? (basename(cwd) || 'project'),
    clock: options.clock ?? systemClock(),
    log: options.logger ? withoutSecrets(options.logger, secrets) : silentLog,
  };
}

/** Lets go of everything again, but for the state directory, if it fails. */
async function openHeld(plan: ReturnType<typeof planOf>, hold: Pick<Session, 'sinceMs' | 'unlock'>): Promise<Reeve> {
  const { options, env, units, functions, complete, secrets, stateDir, project, clock, log } = plan;
  // What is open so far, in the order in which it has to be closed again if the rest fails.
  const undo: (() => void | Promise<void>)[] = [];
  try {
    const store = openStore({ path: join(stateDir, STORE_FILE), durability: options.durability ?? 'process-crash' });
    undo.unshift(() => store.close());
    if (store.meta('session') === 'closed') setNotice(store, null);
    const ownerId = await ownerIdOf(store, units, { stateDir, clock, log });
    const { redact } = secrets;
    const processes = processDriver({ stateDir, ownerId, clock, log, baseEnv: env, secrets, redact });
    undo.unshift(() => processes.close());
    const { exec, view, whyNotOurs } = processes;
    const probes = systemProbes({ clock, log, exec, view, redact, whyNotOurs });
    const inProcess = inProcessDriver({ clock, log, functions, beat: probes.beat });
    const files = fileWatchDriver({ clock, log });
    const drivers = { process: processes, files, 'in-process': inProcess };
    const instance = newInstance();
    const orchestrator = await openOrchestrator({ store, clock, log, drivers, probes, instance, redact });
    undo.splice(0, 2, () => orchestrator.close());
    store.setMeta('project', project);
    const { outputs } = processes;
    const leave = () => processes.leave();
    const activityOf = (runId: RunId) => inProcess.activityOf(runId) ?? probes.activityOf(runId);
    const activity = { beat: probes.beat, activityOf };
    const place = { stateDir, project, outputs, activity };
    const session: Session = { ...hold, ...place, orchestrator, store, clock, log, functions, complete, leave };
    const replaced = enroll(session, units, options);
    if (options.start !== false) await begin(session, units, replaced);
    return createReeve(session);
  } catch (error) {
    for (const close of undo) {
      try {
        await close();
      } catch (second) {
        log.error({}, `what was opened is left open: ${problemOf(second).message}`);
      }
    }
    throw error;
  }
}

/** Says for ever which installation started a process. Public; no secret. A store that does not know it is new. */
async function ownerIdOf(
  store: Store,
  units: readonly UnitSpec[],
  world: Parameters<typeof salvage>[2],
): Promise<string> {
  const known = store.meta('ownerId');
  if (known !== null) return known;
  const ownerId = (await salvage(store, units, world)) ?? randomUUID();
  store.setMeta('ownerId', ownerId);
  // Only now: until it is known who started them, their directories are all that tells it.
  keepUnknownRuns(store, world);
  return ownerId;
}

const newInstance = (): string => randomBytes(4).toString('hex');

/**
 * Adds what is new, and what is written otherwise than before. What is up keeps the spec it was started with.
 *
 * @returns The units that took the place of an earlier one, which was at rest.
 */
function enroll(
  { orchestrator, log }: Session,
  units: readonly UnitSpec[],
  { groups = {}, queues = {} }: OpenOptions,
): ReadonlySet<UnitId> {
  const replaced = new Set<UnitId>();
  const changed = units.filter((spec) => {
    const known = orchestrator.registry.get(spec.id);
    if (!known) return true;
    if (JSON.stringify(known.snapshot.context.spec) === JSON.stringify(spec)) return isLeftByPlan(known);
    const isAtRest = stateOf(known.snapshot.value).substate === 'settled';
    if (isAtRest && !isLeftByPlan(known)) replaced.add(spec.id);
    if (!isAtRest)
      log.warn({ unit: spec.id }, 'its spec has changed; stop it, and open again, to run it by the new one');
    return isAtRest;
  });
  orchestrator.add(changed, groups, queues);
  return replaced;
}

/**
 * Starts a new session, or goes on with one that a crash interrupted: then only units that nobody asked anything of
 * yet are started, and functions that are owed a run. What rests stays at rest, also where its spec has changed; what
 * is up goes on by its own state.
 */
async function begin({ orchestrator, store }: Session, units: readonly UnitSpec[], replaced: ReadonlySet<UnitId>) {
  const isResumed = store.meta('session') === 'open';
  const isNew = ({ id }: UnitSpec): boolean => {
    const known = orchestrator.registry.get(id);
    return !replaced.has(id) && known !== undefined && (isLeftByPlan(known) || isOwed(known));
  };
  const ids = (isResumed ? units.filter(isNew) : units).map(({ id }) => id);
  if (ids.length > 0) await orchestrator.up(ids);
  // Only now: a crash before this line begins the session again, and what is up already is not started twice.
  store.setMeta('session', 'open');
}
