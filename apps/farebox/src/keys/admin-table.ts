import { type Column, fitted, tableLine, titleLine } from '../ledger/columns.js';
import { printable } from '../ledger/printable.js';
import type { Output } from '../output.js';

/** A column of a table that is made of JSON objects: its title, and where its cell comes from. */
export interface JsonColumn {
  readonly title: string;
  readonly of: (row: Readonly<Record<string, unknown>>) => unknown;
  readonly right?: boolean;
}

/** The objects in a member of an answer. */
export function rowsOf(answer: Readonly<Record<string, unknown>>, member: string): Record<string, unknown>[] {
  const list = answer[member];
  if (!Array.isArray(list)) return [];
  return list.filter((row) => typeof row === 'object' && row !== null);
}

/** Writes a table whose columns are as wide as their widest cell. */
export function writeTable(
  output: Output,
  columns: readonly JsonColumn[],
  rows: readonly Readonly<Record<string, unknown>>[],
): void {
  const cells = rows.map((row) => columns.map(({ of }) => cellOf(of(row))));
  const plain: Column[] = columns.map(({ title, right = false }) => ({ title, right, width: title.length }));
  const wide = fitted(plain, cells);
  const lines = cells.map((row) => tableLine(wide, row));
  output.text(`${output.color.dim(titleLine(wide).trimEnd())}\n${lines.join('')}`.trimEnd());
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cellOf).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : printable(String(value));
}
