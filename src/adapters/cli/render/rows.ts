/** Cells in columns, each as wide as its widest cell. Lines that are too long end in an ellipsis. */
export function rowsOf(cells: readonly (readonly string[])[], columns: number): readonly string[] {
  const widths = (cells[0] ?? []).map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  return cells.map((row) => shortened(row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  '), columns));
}

export function shortened(line: string, columns: number): string {
  const text = line.trimEnd();
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
