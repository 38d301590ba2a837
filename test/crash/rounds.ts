import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, openReeve, openTrace, type Reeve, verify } from '../../src/index.ts';
import { chance } from '../support/chance.ts';
import { leftIn, startHost, within } from '../support/host.ts';
import { eventually } from '../support/waiting.ts';
import { compare, type End, type Findings } from './check.ts';

export interface CrashOptions {
  /** Empty, and the caller's to remove. */
  readonly directory: string;
  readonly rounds: number;
  readonly seed: number;
  /** What the host holds besides. @default 0 */
  readonly megabytes?: number;
  readonly tell?: (line: string) => void;
}

export interface CrashReport {
  /** In words. Empty, if the crashes were no events. */
  readonly violations: readonly string[];
  readonly rounds: number;
  /** Hosts that were killed before they had opened. */
  readonly killedWhileOpening: number;
  readonly runs: number;
  /** Runs that were found alive, counted each time. */
  readonly adoptions: number;
  /** By how much the recorded ends are later than the programs said. */
  readonly latenessMs: Spread;
  /** The same, of those that ended while nobody orchestrated. */
  readonly unseenLatenessMs: Spread;
}

export interface Spread {
  readonly count: number;
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

const HOST = new URL('../fixtures/crash-host.ts', import.meta.url).pathname;
/** Long enough to open on a busy machine; most of it is spent on importing. */
const OPENING_MS = 600;
const WORKING_MS = 800;
const ABSENCE_MS = 600;
const UNSEEN_MS = 150;
const DOWN_LIMIT_MS = 30_000;

/**
 * Kills a busy host again and again, at moments that chance chooses, and after each time compares what the programs and
 * the host said with what the journal says.
 */
export async function playRounds({
  directory,
  rounds,
  seed,
  megabytes = 0,
  tell = () => {},
}: CrashOptions): Promise<CrashReport> {
  const stateDir = join(directory, 'state');
  const [witness, answers] = [join(directory, 'witness'), join(directory, 'answers')];
  mkdirSync(stateDir, { mode: 0o700 });
  for (const file of [witness, answers]) writeFileSync(file, '');
  const random = chance(seed);
  const absences: Absence[] = [];
  const totals = { played: 0, killedWhileOpening: 0, adoptions: 0 };
  let findings: Findings = { violations: [], runs: 0, alive: 0, ends: [] };

  while (totals.played < rounds && findings.violations.length === 0) {
    const round = ++totals.played;
    const numbers = [round, seed * 1_000 + round, megabytes].map(String);
    const host = startHost([HOST, stateDir, witness, answers, ...numbers]);
    const isEarly = random() < 0.3;
    const ms = random() * (isEarly ? OPENING_MS : WORKING_MS);
    if (!isEarly) await host.said('open');
    await host.killAfter(ms);
    const fromMs = Date.now();
    if (!host.lines.includes('open')) totals.killedWhileOpening++;
    // Often until something has ended that nobody saw, so long ago that the time of recovery is a wrong time.
    await eventually(
      () => lastEndMs(witness),
      (endMs) => endMs > fromMs && Date.now() - endMs > UNSEEN_MS,
      random() * ABSENCE_MS,
    );

    const reeve = await openReeve({ stateDir, start: false });
    absences.push({ fromMs, toMs: Date.now() });
    findings = await look(reeve, { witness, answers });
    await reeve.close({ leave: true });
    const strange = host.lines.filter((line) => line !== 'open');
    if (strange.length > 0) findings = { ...findings, violations: [`the host said ${strange.join('\n')}`] };
    totals.adoptions += findings.alive;
    tell(`round ${round}: ${findings.runs} runs so far, ${findings.alive} live on`);
  }
  const violations = [...findings.violations, ...(await endAll(stateDir, { witness, answers }))];
  const isUnseen = ({ atMs }: End): boolean => absences.some(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs);
  return {
    violations: violations.map((words) => `${words} (seed ${seed}, round ${totals.played})`),
    rounds: totals.played,
    killedWhileOpening: totals.killedWhileOpening,
    runs: findings.runs,
    adoptions: totals.adoptions,
    latenessMs: spreadOf(findings.ends),
    unseenLatenessMs: spreadOf(findings.ends.filter(isUnseen)),
  };
}

interface Absence {
  readonly fromMs: number;
  readonly toMs: number;
}

type Files = { readonly witness: string; readonly answers: string };

/** What was just ending when the host was killed may take a moment to be recorded. */
async function look(reeve: Reeve, files: Files): Promise<Findings> {
  return eventually(
    async () => {
      // The journal last: it must know of everything that the files tell.
      const statuses = reeve.status().units;
      const entries: Entry[] = [];
      for await (const entry of reeve.journal()) entries.push(entry);
      return compare({ entries, statuses, ...files });
    },
    ({ violations }) => violations.length === 0,
  );
}

/** An orderly end: everything is recorded, and nothing is left. */
async function endAll(stateDir: string, files: Files): Promise<readonly string[]> {
  const last = await openReeve({ stateDir, start: false });
  await within(last.down(), DOWN_LIMIT_MS, () => `the last stop did not come to an end: ${inWords(last)}`);
  const { violations, alive } = await look(last, files);
  const up = last.status().units.filter(({ substate }) => substate !== 'settled');
  await last.close();
  return [
    ...violations,
    ...(alive > 0 ? [`${alive} runs live on after an orderly end`] : []),
    ...up.map(({ id, state }) => `${id} is ${state} after an orderly end`),
    ...(await leftIn(stateDir)).map((words) => `left: ${words}`),
    ...(await divergencesIn(stateDir)),
  ];
}

/** Everything that was decided, in all of the hosts, is decided so again. */
async function divergencesIn(stateDir: string): Promise<readonly string[]> {
  const trace = await openTrace(stateDir);
  const { entries, same, firstOfUnits } = await verify(trace).finally(() => trace.close());
  return entries === same ? [] : [`of ${entries} entries ${same} replay: ${JSON.stringify(firstOfUnits)}`];
}

const lastEndMs = (witness: string): number =>
  Number(/.*^end \S+ \S+ (\d+)$/ms.exec(readFileSync(witness, 'utf8'))?.[1]);

const inWords = (reeve: Reeve): string =>
  reeve
    .status()
    .units.map(({ id, state, substate }) => `${id} is ${state}/${substate}`)
    .join(', ');

function spreadOf(ends: readonly End[]): Spread {
  const sorted = ends.map(({ latenessMs }) => latenessMs).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { count: sorted.length, least: at(0), median: at(0.5), most: at(1) };
}
