import { stripVTControlCharacters, styleText } from 'node:util';
import type { ProjectStatus, UnitStatus } from '../../../index.ts';
import { rowsOf } from './rows.ts';

const HEADINGS = ['UNIT', 'KIND', 'STATE', 'READY', 'PID', 'RESTARTS', 'WHY'];

/** The units of a project, a line each, no wider than `columns`. */
export function statusTable(units: readonly UnitStatus[], columns: number): readonly string[] {
  const cells = units.map((unit) => [
    unit.id,
    unit.kind,
    stateWords(unit),
    unit.ready ? 'yes' : '-',
    String(unit.run?.pid ?? '-'),
    String(unit.restarts),
    oneLine(unit.blocked === null ? unit.why : `waits for a person: ${unit.blocked}`),
  ]);
  const [heading = '', ...lines] = rowsOf([HEADINGS, ...cells], columns);
  return [styleText('dim', heading), ...lines.map((line, index) => styleText(colourOf(units[index]), line))];
}

/** One line that says who looks after it all. */
export function headline({ project, orchestrator, degraded }: ProjectStatus): string {
  const who = orchestrator === null ? 'no orchestrator: as it was recorded last' : `orchestrator ${orchestrator.pid}`;
  if (degraded === null) return `${project} (${who})`;
  return `${project} (${who}), degraded: ${degraded.message} ${degraded.hint}`;
}

/** `running`, `reaped: finished`, `spawning: waiting`. */
export function stateWords({ state, substate, outcome, quarantined }: UnitStatus): string {
  if (quarantined !== null) return `${state} (quarantined)`;
  if (state === 'reaped') return outcome === null ? 'not started' : withSubstate(outcome, substate === 'backoff');
  if (state === 'running' && substate !== 'unhealthy') return state;
  return substate === null ? state : `${state}: ${substate}`;
}

const withSubstate = (outcome: string, comesBack: boolean): string => (comesBack ? `${outcome}, restarts` : outcome);

function colourOf(unit: UnitStatus | undefined): 'green' | 'red' | 'yellow' | 'reset' {
  if (unit === undefined) return 'reset';
  if (unit.quarantined !== null || BAD.has(unit.outcome ?? '')) return unit.state === 'running' ? 'green' : 'red';
  if (unit.state === 'running') return unit.substate === 'unhealthy' ? 'red' : 'green';
  return unit.state === 'reaped' ? 'reset' : 'yellow';
}

const BAD = new Set(['failed', 'crashed', 'timed-out', 'unhealthy', 'start-timeout', 'launch-failed', 'lost']);

const oneLine = (text: string): string => stripVTControlCharacters(text).replace(/\s+/g, ' ').trim();
