import { readFile } from 'node:fs/promises';
import { CliError, usageError } from '../cli-error.js';
import type { AdminOptions } from '../commands/admin-options.js';
import { exitCodes } from '../exit-codes.js';
import { readConfig } from '../ledger/source.js';

/** The environment variable that holds the admin API's token. */
export const adminTokenVariable = 'FAREBOX_ADMIN_TOKEN';
/** How long the admin API may take: some questions read every claim. */
const answerMsMax = 70_000;

/** Asks a gateway's admin API. */
export interface AdminClient {
  readonly url: string;
  /**
   * @param path with its query
   * @throws {CliError} for every answer but a good one
   */
  get(path: string): Promise<Record<string, unknown>>;
}

/**
 * Finds the admin API and its token: options, then the environment, then the configuration.
 *
 * @throws {CliError}
 */
export async function findAdmin(options: AdminOptions): Promise<AdminClient> {
  const fromEnvironment = process.env[adminTokenVariable];
  const known =
    options.url !== undefined && (options.tokenFile !== undefined || fromEnvironment !== undefined);
  const admin = known ? undefined : (await readConfig(options.config)).admin;
  if (!known && admin === undefined)
    throw new CliError(
      'admin_off',
      `${options.config} has no admin API; add admin: { token_file: admin.token } to it, or name one with --url and --token-file.`,
      { exitCode: exitCodes.usage, retry: 'never' },
    );
  const host = admin?.listen.host.includes(':') ? `[${admin.listen.host}]` : admin?.listen.host;
  const url = (options.url ?? `http://${host}:${admin?.listen.port}`).replace(/\/+$/, '');
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw usageError('--url is the origin of an admin API, such as http://127.0.0.1:8403.');
  const token =
    options.tokenFile === undefined && fromEnvironment !== undefined
      ? fromEnvironment
      : await readTokenFile(options.tokenFile ?? admin?.tokenFile ?? '');
  return { url, get: (path) => ask(url, path, token) };
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new CliError(
      'admin_token',
      `The token file ${path} cannot be read; start the gateway once, which makes it, or name another with --token-file.`,
      { cause },
    );
  }
}

async function ask(url: string, path: string, token: string): Promise<Record<string, unknown>> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url + path, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(answerMsMax),
    });
    body = await response.json();
  } catch (cause) {
    throw new CliError(
      'admin_unreachable',
      `The admin API at ${url} does not answer; is the gateway running?`,
      {
        cause,
        exitCode: exitCodes.network,
      },
    );
  }
  const content = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  if (response.ok) return { ...content };
  const detail =
    'detail' in content && typeof content.detail === 'string' ? content.detail : 'It gave no reason.';
  const exitCode = response.status === 400 ? exitCodes.usage : exitCodes.failed;
  throw new CliError(`admin_${response.status}`, `The admin API refused: ${detail}`, { exitCode });
}
