import { readFileSync } from 'node:fs';
import { identify } from '../../src/adapters/system/identity.ts';
import { initialEnvironment } from '../../src/adapters/system/process-table.ts';
import type { Entry, UnitStatus } from '../../src/index.ts';
import type { Outcome } from '../../src/machines/outcome.ts';

/** What the programs themselves said, in a file that reeve does not know of. */
interface Testimony {
  readonly begins: readonly { readonly runId: string; readonly pid: number }[];
  readonly ends: readonly { readonly runId: string; readonly how: string; readonly atMs: number }[];
}

/** What the journal says of a run. */
interface Recorded {
  readonly unitId: string;
  readonly outcomes: Outcome[];
}

export interface Evidence {
  readonly entries: readonly Entry[];
  readonly statuses: readonly UnitStatus[];
  /** The file the programs write. */
  readonly witness: string;
  /** The file in which the hosts noted what they asked and were told. */
  readonly answers: string;
}

export interface Findings {
  /** In words. Empty, if all is well. */
  readonly violations: readonly string[];
  readonly runs: number;
  /** Runs whose programs live. */
  readonly alive: number;
  /** Of programs that told it. */
  readonly ends: readonly End[];
}

export interface End {
  /** As the program itself said. */
  readonly atMs: number;
  /** By how much it was recorded later. */
  readonly latenessMs: number;
}

/** Compares what programs and hosts say with what the journal says. */
export function compare({ entries, statuses, witness, answers }: Evidence): Findings {
  const { begins, ends } = testimonyIn(linesOf(witness));
  const recorded = recordedIn(entries);
  const alive = begins.filter(isRunning);
  const endOf = new Map(ends.map((end) => [end.runId, end]));
  const told: End[] = [];
  const violations = [
    ...repeated(begins.map(({ runId }) => runId)).map((runId) => `${runId} was launched twice`),
    ...repeated(alive.map(({ runId }) => recorded.get(runId)?.unitId ?? runId)).map((id) => `two runs of ${id} live`),
    ...begins.filter(({ runId }) => !recorded.has(runId)).map(({ runId }) => `${runId} was launched and never ordered`),
    ...[...recorded].flatMap(([runId, run]) => faultsOfRun(runId, run, statuses)),
    ...alive.flatMap(({ runId, pid }) => faultsOfLiving(runId, pid, recorded, statuses)),
    ...begins.filter((begin) => !alive.includes(begin)).flatMap(({ runId }) => faultsOfEnd(runId)),
    ...faultsOfAnswers(linesOf(answers), statuses, recorded),
  ];
  return { violations, runs: begins.length, alive: alive.length, ends: told };

  function faultsOfEnd(runId: string): readonly string[] {
    const outcome = recorded.get(runId)?.outcomes[0];
    const end = endOf.get(runId);
    if (!outcome) return [`${runId} has ended (${end?.how ?? 'without a word'}), and is not recorded`];
    if (!end) return outcome.signal ? [] : [`${runId} ended without a word, but not by a signal: ${inWords(outcome)}`];
    told.push({ atMs: end.atMs, latenessMs: outcome.endedMs - end.atMs });
    const how = outcome.signal ?? String(outcome.code);
    return how === end.how ? [] : [`${runId} ended by ${end.how}, and is recorded as ${inWords(outcome)}`];
  }
}

function faultsOfRun(runId: string, { unitId, outcomes }: Recorded, statuses: readonly UnitStatus[]): string[] {
  if (outcomes.length > 1) return [`${runId} has ${outcomes.length} outcomes`];
  if (outcomes[0]) return outcomes[0].kind === 'lost' ? [`${runId} is lost`] : [];
  const status = statuses.find(({ id }) => id === unitId);
  const isUnderWay = status?.run?.runId === runId && status.state !== 'reaped';
  return isUnderWay ? [] : [`${runId} has no outcome, and is not under way`];
}

function faultsOfLiving(
  runId: string,
  pid: number,
  recorded: ReadonlyMap<string, Recorded>,
  statuses: readonly UnitStatus[],
): readonly string[] {
  const status = statuses.find(({ id }) => id === recorded.get(runId)?.unitId);
  if (status?.run?.runId === runId && status.run.pid === pid && status.state !== 'reaped') return [];
  return [`${runId} lives as ${pid}, and its unit is ${JSON.stringify(status ?? 'gone')}`];
}

/** What was answered stays so: a stop that was confirmed is a stop, and a result that was told is recorded. */
function faultsOfAnswers(
  lines: readonly (readonly string[])[],
  statuses: readonly UnitStatus[],
  recorded: ReadonlyMap<string, Recorded>,
): readonly string[] {
  const last = new Map(lines.filter(([what]) => what !== 'result').map(([what = '', id = '']) => [id, what]));
  const stopped = statuses.filter(({ id, substate }) => last.get(id) === 'stopped' && substate !== 'settled');
  const results = lines.filter(([what]) => what === 'result').map(([, id, kind, code]) => ({ id, kind, code }));
  const outcomes = new Map([...recorded.values()].map(({ unitId, outcomes }) => [unitId, outcomes[0]]));
  const forgotten = results.filter(({ id = '', kind, code }) => {
    const outcome = outcomes.get(id);
    return outcome?.kind !== kind || String(outcome?.code ?? '') !== code;
  });
  return [
    ...stopped.map(({ id, state, substate }) => `${id} was stopped, and is ${state}/${substate}`),
    ...forgotten.map(
      (result) => `${JSON.stringify(result)} was told, and is ${JSON.stringify(outcomes.get(result.id!))}`,
    ),
  ];
}

function recordedIn(entries: readonly Entry[]): ReadonlyMap<string, Recorded> {
  const recorded = new Map<string, Recorded>();
  for (const { unitId, patch, commands } of entries) {
    const run = patch.run as { readonly runId: string } | null | undefined;
    if (run && !recorded.has(run.runId)) recorded.set(run.runId, { unitId, outcomes: [] });
    for (const command of commands) {
      if (command.type !== 'recordOutcome') continue;
      recorded.get(command.params.runId)?.outcomes.push(command.params.outcome);
    }
  }
  return recorded;
}

function testimonyIn(lines: readonly (readonly string[])[]): Testimony {
  return {
    begins: lines.flatMap(([word, runId = '', pid]) => (word === 'begin' ? { runId, pid: Number(pid) } : [])),
    ends: lines.flatMap(([word, runId = '', how = '', ms]) => (word === 'end' ? { runId, how, atMs: Number(ms) } : [])),
  };
}

/** Whether the pid still belongs to that run. */
function isRunning({ runId, pid }: { readonly runId: string; readonly pid: number }): boolean {
  if (identify(pid) === null) return false;
  return initialEnvironment(pid).some((entry) => entry.startsWith('REEVE_RUN=') && entry.endsWith(`/${runId}`));
}

/** Whole lines only: another may be half written. */
function linesOf(path: string): readonly (readonly string[])[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '));
}

const repeated = (items: readonly string[]): readonly string[] => [
  ...new Set(items.filter((item, index) => items.indexOf(item) !== index)),
];

const inWords = ({ kind, code, signal }: Outcome): string => `${kind} (${signal ?? code})`;
