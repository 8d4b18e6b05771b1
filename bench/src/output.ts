/** Aligned columns under a heading, the first to the left and the others to the right. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [heading, ...rows].map((row) => `  ${line(row)}`).join('\n');
}

/** `-` for what is not known. */
export function fixed(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}

/** What was aimed at and whether it was reached; null: not measured. */
export interface Goal {
  readonly text: string;
  readonly reached: boolean | null;
}

export function describeGoal({ text, reached }: Goal): string {
  return `  ${reached === null ? 'n/a ' : reached ? 'PASS' : 'FAIL'}  ${text}`;
}
