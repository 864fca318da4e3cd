import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Header } from '@farebox/wallet';
import { InvalidArgumentError } from 'commander';
import { CliError, usageError } from '../cli-error.js';

/** Largest file of headers, bytes. */
export const headerFileBytesMax = 65_536;
/** Anybody else's rights. */
const othersMask = 0o077;

/** How `-H` is described where a request is made up. */
export const headerHelp =
  'a header, "Name: value", or @file with one a line, so that a key stands in no argument; repeatable';

/**
 * Collects `-H` options: `Name: value`, or `@file` as curl has it. Arguments are seen by every process of the machine, so
 * secrets belong into the file. Throws {@link CliError} `header_file` and `secret_exposed`, and usage errors; none repeats
 * what was read.
 */
export function collectHeader(text: string, previous: readonly Header[] = []): readonly Header[] {
  if (text.startsWith('@')) return [...previous, ...readHeaderFile(text.slice(1))];
  const header = readHeader(text);
  if (header === undefined) throw new InvalidArgumentError('Write a header as "Name: value", or as @file.');
  return [...previous, header];
}

function readHeader(line: string): Header | undefined {
  const colon = line.indexOf(':');
  return colon <= 0 ? undefined : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function readHeaderFile(path: string): readonly Header[] {
  const headers: Header[] = [];
  for (const [at, line] of readPrivately(path).split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const header = readHeader(line);
    if (header === undefined)
      throw usageError(`Line ${at + 1} of ${path} is no header; write "Name: value".`);
    headers.push(header);
  }
  return headers;
}

/** A pipe (`-H @<(pass show key)`) has nobody else's rights either. */
function readPrivately(path: string): string {
  const failed = (cause: unknown) =>
    new CliError('header_file', `The file of -H (${path}) cannot be read; check the path and its owner.`, {
      cause,
    });
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw failed(cause);
  }
  try {
    const { mode, size } = fstatSync(file);
    // Windows has no such rights to look at.
    if (process.platform !== 'win32' && (mode & othersMask) !== 0) {
      const message = `Others may read the headers of -H; take that right away first: chmod 600 ${path}`;
      throw new CliError('secret_exposed', message, { retry: 'never' });
    }
    const text = size > headerFileBytesMax ? undefined : readFileSync(file, 'latin1');
    if (text !== undefined && text.length <= headerFileBytesMax) return text;
    throw usageError(`The file of -H (${path}) is larger than ${headerFileBytesMax} bytes.`);
  } catch (cause) {
    throw cause instanceof CliError ? cause : failed(cause);
  } finally {
    closeSync(file);
  }
}
