import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { BitcoinApiOptions } from './api.js';
import type { RpcOptions } from './rpc-client.js';
import type { ListenOptions } from './server.js';

const rateDefault = '100000';
const currencyDefault = 'USD';
const secretCharsMax = 4096;

/** What the command says about itself. */
export const usage = `A small read-only Bitcoin API.

  --rpc-url URL             Bitcoin Core's JSON-RPC             BITCOIN_RPC_URL
  --rpc-user NAME           its user                            BITCOIN_RPC_USER
  --rpc-password-file PATH  a file that holds its password      BITCOIN_RPC_PASSWORD_FILE
  --rpc-cookie-file PATH    instead: Bitcoin Core's .cookie     BITCOIN_RPC_COOKIE_FILE
  --price-rate NUMBER       what /v1/bitcoin/price answers      PRICE_RATE      (${rateDefault})
  --price-currency CODE     in this currency                    PRICE_CURRENCY  (${currencyDefault})
  --host ADDRESS            where to listen                     HOST            (127.0.0.1)
  --port NUMBER             on which port, 0 for any            PORT            (9000)

Without --rpc-url it serves the devnet that \`farebox devnet\` describes in $FAREBOX_HOME/devnet.json (~/.farebox).`;

/** A flag, an environment variable or a file cannot be used. The message says which and what is allowed, never its content. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  /** `malformed-setting`, `unreadable-file` or `no-node`. */
  readonly code: 'malformed-setting' | 'unreadable-file' | 'no-node';

  constructor(code: SettingsError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/**
 * Reads the command's flags and environment; a flag wins over its variable.
 *
 * @param args what follows the command's name
 * @param env the environment
 * @returns the options, or `'help'` when the flags ask for {@link usage}
 * @throws SettingsError
 */
export async function readSettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<(BitcoinApiOptions & ListenOptions) | 'help'> {
  const flags = readFlags(args);
  if (flags.help === true) return 'help';
  const host = flags.host ?? env.HOST;
  const port = flags.port ?? env.PORT;
  return {
    rpc: await readRpc(flags, env),
    price: {
      currency: flags['price-currency'] ?? env.PRICE_CURRENCY ?? currencyDefault,
      rate: readNumber(
        'PRICE_RATE',
        flags['price-rate'] ?? env.PRICE_RATE ?? rateDefault,
        /^\d{1,12}(\.\d{1,8})?$/,
      ),
    },
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: readPort(port) }),
  };
}

type Flags = ReturnType<typeof readFlags>;

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'rpc-url': { type: 'string' },
        'rpc-user': { type: 'string' },
        'rpc-password-file': { type: 'string' },
        'rpc-cookie-file': { type: 'string' },
        'price-rate': { type: 'string' },
        'price-currency': { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new SettingsError(
      'malformed-setting',
      'There is an unknown or incomplete flag; --help lists them.',
      error,
    );
  }
}

async function readRpc(flags: Flags, env: Readonly<Record<string, string | undefined>>): Promise<RpcOptions> {
  const url = flags['rpc-url'] ?? env.BITCOIN_RPC_URL;
  if (url === undefined) return readDevnet(env.FAREBOX_HOME ?? join(homedir(), '.farebox'));
  const cookieFile = flags['rpc-cookie-file'] ?? env.BITCOIN_RPC_COOKIE_FILE;
  if (cookieFile !== undefined) return { url, cookieFile };
  const user = flags['rpc-user'] ?? env.BITCOIN_RPC_USER;
  const passwordFile = flags['rpc-password-file'] ?? env.BITCOIN_RPC_PASSWORD_FILE;
  if (passwordFile === undefined) return { url };
  const password = (await readSecretFile(passwordFile)).trim();
  return { url, password, ...(user === undefined ? {} : { user }) };
}

const devnetFile = z.object({ url: z.url(), token: z.string().min(1) });

async function readDevnet(home: string): Promise<RpcOptions> {
  const path = join(home, 'devnet.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const message = `There is no ${path}: start \`farebox devnet\`, or name a node with --rpc-url.`;
    throw new SettingsError('no-node', message, error);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The cause is dropped: it would quote the token.
    json = undefined;
  }
  const devnet = devnetFile.safeParse(json);
  if (!devnet.success)
    throw new SettingsError('no-node', `${path} is not a devnet file: start \`farebox devnet\` anew.`);
  return {
    url: `${devnet.data.url.replace(/\/$/, '')}/bitcoin`,
    user: 'farebox',
    password: devnet.data.token,
  };
}

async function readSecretFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SettingsError('unreadable-file', `The password file ${path} cannot be read.`, error);
  });
  if (text.length > secretCharsMax)
    throw new SettingsError('unreadable-file', `${path} is too large for a password file.`);
  return text;
}

function readPort(text: string): number {
  const port = readNumber('PORT', text, /^\d{1,5}$/);
  if (port > 65_535) throw new SettingsError('malformed-setting', 'PORT must be from 0 to 65535.');
  return port;
}

function readNumber(name: string, text: string, form: RegExp): number {
  if (!form.test(text))
    throw new SettingsError('malformed-setting', `${name} must be a plain decimal number.`);
  return Number(text);
}
