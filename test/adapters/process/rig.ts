import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DriverCall, Log } from '../../../src/actors/ports.ts';
import { processDriver } from '../../../src/adapters/process/driver.ts';
import type { ProcessDriverOptions } from '../../../src/adapters/process/process-runner.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { identityOf } from '../../../src/adapters/system/identity.ts';
import { commandLine, initialEnvironment, readProcessTable } from '../../../src/adapters/system/process-table.ts';
import { sendSignal } from '../../../src/adapters/system/signal.ts';
import type { Fact } from '../../../src/machines/events.ts';
import { decodeUnit } from '../../../src/machines/spec.ts';
import type { Handle } from '../../../src/machines/vocabulary.ts';

const DEADLINE_MS = 8_000;

export type FactOf<Type extends Fact['type']> = Extract<Fact, { type: Type }>;

export interface Rig {
  readonly stateDir: string;
  readonly ownerId: string;
  readonly driver: ReturnType<typeof processDriver>;
  /** Everything that was reported, in order. */
  readonly facts: readonly Fact[];
  /** The same of one unit. */
  factsOf(call: DriverCall): readonly Fact[];
  /** Warnings of the driver. */
  readonly warnings: readonly string[];
  /** A command about a run of its own (or of that `runId`), with a key of its own. */
  call(unit: Partial<Unit>, run?: { runId?: string; handle?: Handle | null; generation?: number }): DriverCall;
  /** Launches, and waits until it says who it is. */
  launch(unit: Partial<Unit>): Promise<{ call: DriverCall; launched: FactOf<'run.launched'> }>;
  /** The first fact of this type about the run, now or within the deadline. */
  fact<Type extends Fact['type']>(type: Type, call: DriverCall): Promise<FactOf<Type>>;
  /** Waits until it is over, however: it ended, was lost, or never began. */
  over(call: DriverCall): Promise<void>;
  /** Launches, and waits for the end. */
  run(unit: Partial<Unit>): Promise<{ call: DriverCall; exited: FactOf<'run.exited'>; text: string }>;
  path(call: DriverCall, file: string): string;
  /** Another driver on the same directory, as after a restart. */
  reopen(): Promise<Rig>;
}

interface Unit {
  readonly kind: string;
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: unknown;
  readonly stop: unknown;
  readonly port: number | 'auto';
  readonly keepDescendants: boolean;
  readonly onOrchestratorDeath: unknown;
}

/** A test runner may hold much memory or little. Who forks is never left to that. */
type Ways = Pick<ProcessDriverOptions, 'toolsPath' | 'usesSpawner'>;

const open: (Ways & { stateDir: string; ownerId: string; drivers: Rig['driver'][] })[] = [];
let seq = 0;

export async function openRig(baseEnv: NodeJS.ProcessEnv = process.env, ways: Ways = {}): Promise<Rig> {
  const stateDir = mkdtempSync(join(tmpdir(), 'process-'));
  const place = { usesSpawner: false, ...ways, stateDir, ownerId: basename(stateDir), drivers: [] };
  open.push(place);
  return rigIn(place, baseEnv);
}

/** Ends everything that rigs started, and removes their directories. */
export async function closeRigs(): Promise<void> {
  for (const { stateDir, ownerId, drivers } of open.splice(0)) {
    const endAll = async () => {
      while (endMarked(ownerId) > 0) await new Promise(setImmediate);
    };
    await endAll();
    for (const driver of drivers) await driver.close();
    // Whoever was just becoming its command had neither arguments nor environment to be known by.
    await endAll();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

function endMarked(ownerId: string): number {
  // Before it becomes the command, a run has no marker yet, but the arguments of its launcher.
  const marked = readProcessTable().filter(
    (stat) =>
      initialEnvironment(stat.pid).some((entry) => entry.startsWith(`REEVE_RUN=${ownerId}/`)) ||
      commandLine(stat).includes(` ${ownerId}/`),
  );
  for (const stat of marked) sendSignal(identityOf(stat), 'SIGKILL');
  return marked.length;
}

async function rigIn(place: (typeof open)[number], baseEnv: NodeJS.ProcessEnv): Promise<Rig> {
  const { drivers, ...where } = place;
  const { stateDir, ownerId } = where;
  const facts: Fact[] = [];
  const reports: { unitId: string; fact: Fact }[] = [];
  const warnings: string[] = [];
  const heard = new EventEmitter();
  heard.setMaxListeners(0);
  const quiet = () => {};
  const log: Log = { debug: quiet, info: quiet, error: quiet, warn: (_, message) => void warnings.push(message) };
  const driver = processDriver({ ...where, clock: systemClock(), log, baseEnv });
  drivers.push(driver);
  await driver.connect((report) => {
    facts.push(report.fact);
    reports.push(report);
    heard.emit('report');
  });

  async function anyFact(types: readonly Fact['type'][], { run }: DriverCall): Promise<Fact> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    for (;;) {
      const found = reports.find(({ unitId, fact: { type } }) => unitId === run.unitId && types.includes(type));
      if (found) return found.fact;
      await once(heard, 'report', { signal }).catch(() => {
        throw new Error(`no ${types.join(' or ')} of ${run.unitId} in time, only ${JSON.stringify(facts)}`);
      });
    }
  }
  const fact = async <Type extends Fact['type']>(type: Type, call: DriverCall): Promise<FactOf<Type>> =>
    (await anyFact([type], call)) as FactOf<Type>;
  const rig: Rig = {
    stateDir,
    ownerId,
    driver,
    facts,
    warnings,
    factsOf: ({ run }) => reports.filter(({ unitId }) => unitId === run.unitId).map((report) => report.fact),
    fact,
    async over(call) {
      await anyFact(['run.exited', 'run.lost', 'run.launch-failed', 'run.revoked'], call);
    },
    call(unit, { runId, handle = null, generation = 1 } = {}) {
      seq++;
      const id = runId?.split('.')[0] ?? `u${seq}`;
      const spec = decodeUnit({ kind: 'job', id, command: 'true', cwd: stateDir, ...unit });
      const run = { unitId: id, runId: runId ?? `${id}.1`, generation, handle };
      return { key: `${seq}.0`, seq, run, spec };
    },
    async launch(unit) {
      const call = rig.call(unit);
      await driver.launch(call);
      return { call, launched: await fact('run.launched', call) };
    },
    async run(unit) {
      const call = rig.call(unit);
      await driver.launch(call);
      const exited = await fact('run.exited', call);
      const { text } = await driver.outputs.read(call.run.runId, { mode: 'full' });
      return { call, exited, text };
    },
    path: (call, file) => join(stateDir, 'runs', call.run.runId, file),
    reopen: () => rigIn(place, baseEnv),
  };
  return rig;
}

/** The same run, as a later command speaks of it. */
export function again(call: DriverCall, handle: Handle | null = call.run.handle): DriverCall {
  seq++;
  return { ...call, key: `${seq}.0`, seq, run: { ...call.run, handle } };
}
