import type { Comparison, Finding, Unit } from './measure.ts';

/** Findings for people: what ours and the peer's cost, and how many times the peer ours is. */
export function tableOf(findings: readonly Finding[]): string {
  const compared = findings.filter((finding) => 'ratio' in finding);
  const lines = inColumns([['benchmark', 'reeve', '', 'peer', '', 'ratio'], ...compared.map(cellsOf)]);
  const skipped = findings.flatMap((finding) =>
    'skipped' in finding ? `${finding.benchmark}: not measured: ${finding.skipped}` : [],
  );
  return [...lines, ...skipped].join('\n');
}

const cellsOf = ({ benchmark, unit, ours, peer, ratio }: Comparison): readonly string[] => [
  benchmark,
  ours.label,
  amount(ours.cost, unit),
  peer.label,
  amount(peer.cost, unit),
  `×${threeDigits(ratio)}`,
];

const amount = (cost: number, unit: Unit): string => `${threeDigits(cost)} ${unit}`;

/** More digits than three would be noise. */
const threeDigits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Words to the left, numbers (every other column from the third on, and the last) to the right. */
function inColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

const isNumber = (column: number): boolean => column === 2 || column >= 4;
