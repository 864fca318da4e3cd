import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, usageError } from '../cli-error.js';
import type { Home } from '../home.js';

/** Largest list of origins that is read. */
const listBytesMax = 64 * 1024;

/** Where the list of this home is: one origin a line, `#` begins a remark. */
export function originsFile(home: Home): string {
  return join(home.directory, 'origins.txt');
}

/**
 * The origins that are asked: those that were named, else those of the home's list. Throws a usage error for a name that is
 * none, and {@link CliError} `origins_unreadable` for a list that cannot be read.
 */
export async function wantedOrigins(home: Home, named: readonly string[]): Promise<readonly string[]> {
  const { readOrigin } = await import('@farebox/wallet/catalogue');
  if (named.length > 0) return named.map((text) => readOrigin(text) ?? refuseOrigin());
  const path = originsFile(home);
  let text: string;
  try {
    if ((await stat(path)).size > listBytesMax) throw new Error('too large');
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new CliError(
      'origins_unreadable',
      `${path} cannot be read, or has more than ${listBytesMax} bytes.`,
      {
        cause,
      },
    );
  }
  return text
    .split('\n')
    .map((line, at) => ({ line: line.replace(/#.*$/, '').trim(), at }))
    .filter(({ line }) => line !== '')
    .map(({ line, at }) => {
      const origin = readOrigin(line);
      if (origin !== undefined) return origin;
      throw new CliError(
        'origins_unreadable',
        `${path}, line ${at + 1}: write an origin such as https://api.example.com.`,
      );
    });
}

function refuseOrigin(): never {
  throw usageError('An origin is an https address such as https://api.example.com, or http on this machine.');
}
