import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { type Orchestrator, openOrchestrator } from '../../../src/actors/orchestrator.ts';
import type { Report } from '../../../src/actors/ports.ts';
import { systemProbes } from '../../../src/adapters/probe/probes.ts';
import { processDriver } from '../../../src/adapters/process/driver.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import type { Outcome } from '../../../src/machines/outcome.ts';
import { decodeUnit } from '../../../src/machines/spec.ts';
import { stateOf } from '../../../src/machines/view.ts';
import type { RunRow } from '../../../src/store/rows.ts';
import { openStore } from '../../../src/store/store.ts';

/** What a test may do to an orchestrator that believes it is the only one who acts. */
export interface Interference {
  /** It hears nothing from its driver any more. */
  deaf?: boolean;
  /** The driver dies before it launches anything. */
  lame?: boolean;
  /** The driver dies before it kills anything. */
  gentle?: boolean;
  /** It is told this instead. */
  forge?: (said: Report) => Report;
}

/** The production orchestrator over production drivers and store. It has one unit. */
export interface Crashable {
  readonly orchestrator: Orchestrator;
  readonly interference: Interference;
  /** `running/healthy`, and so on. */
  state(): string;
  /** The pid of the run under way. */
  pid(): number | null;
  /** Its runs, oldest first. */
  runs(): readonly RunRow[];
  /** As after a SIGKILL: nothing that happens from now on is written, and nothing is ended. */
  crash(): Promise<void>;
}

export const UNIT = 'unit';

/** Opens, which is recovery where there is anything to recover. */
export async function openCrashable(stateDir: string, unit: object): Promise<Crashable> {
  const interference: Interference = {};
  const clock = systemClock();
  const quiet = (): void => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const store = openStore({ path: join(stateDir, 'reeve.db') });
  const driver = processDriver({ stateDir, ownerId: basename(stateDir), clock, log, baseEnv: process.env });
  const connect = driver.connect.bind(driver);
  const launch = driver.launch.bind(driver);
  const endRun = driver.endRun.bind(driver);
  driver.connect = (report) =>
    connect((said) => {
      if (!interference.deaf) report(interference.forge?.(said) ?? said);
    });
  driver.launch = async (call) => {
    if (!interference.lame) await launch(call);
  };
  driver.endRun = async (call, how) => {
    if (how !== 'kill' || !interference.gentle) await endRun(call, how);
  };
  const probes = systemProbes({ clock, log, view: driver.view });
  const instance = `i${store.lastSeq()}`;
  const orchestrator = await openOrchestrator({ store, clock, log, drivers: { process: driver }, probes, instance });
  if (!orchestrator.registry.get(UNIT)) orchestrator.add([decodeUnit({ id: UNIT, cwd: stateDir, ...unit })]);
  const snapshot = () => orchestrator.registry.get(UNIT)!.snapshot;
  return {
    orchestrator,
    interference,
    state() {
      const { state, substate } = stateOf(snapshot().value);
      return substate === null ? state : `${state}/${substate}`;
    },
    pid: () => snapshot().context.run?.handle?.pid ?? null,
    runs: () => [...store.runs(UNIT)].reverse(),
    crash() {
      interference.deaf = true;
      return orchestrator.close();
    },
  };
}

/** `failed 7`, `crashed SIGKILL`, `lost`. */
export function inWords(outcome: Outcome | null): string | null {
  return outcome && [outcome.kind, outcome.code, outcome.signal].filter((part) => part !== null).join(' ');
}

/** A launcher that claims its run, says who it is itself, and takes a break before it says who the command is. */
export function slowLauncher(stateDir: string): void {
  const directory = join(stateDir, 'bin');
  const [name = ''] = readdirSync(directory);
  const text = readFileSync(join(directory, name), 'utf8');
  const slow = text.replace('  self child', '  until [ -e "$2/go" ]; do sleep 0.02; done\n  self child');
  expect(slow).not.toBe(text);
  writeFileSync(join(directory, name), slow);
}
