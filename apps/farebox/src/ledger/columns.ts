/** One column of a table that is written while it is read: its width is not known before. */
export interface Column {
  readonly title: string;
  /** Longer cells push what follows to the right. */
  readonly width: number;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

/** One line of a table. The last column is not padded. */
export function tableLine(columns: readonly Column[], cells: readonly string[]): string {
  const padded = columns.map(({ width, right }, index) => {
    const cell = cells[index] ?? '';
    return right === true ? cell.padStart(width) : cell.padEnd(width);
  });
  return `${padded.join('  ').trimEnd()}\n`;
}

/** The line with the titles. */
export function titleLine(columns: readonly Column[]): string {
  return tableLine(
    columns,
    columns.map(({ title }) => title),
  );
}

/** Columns as wide as their widest cell, for a table that is whole. */
export function fitted(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly Column[] {
  return columns.map((column, index) => ({
    ...column,
    width: Math.max(column.title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  }));
}
