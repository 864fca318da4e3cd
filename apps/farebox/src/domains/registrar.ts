import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import type { Home } from '../home.js';
import { parseDescriptor } from '../vault/options.js';
import { readSecretLine } from '../vault/secret-input.js';
import { readDefaultRegistrar, readIdentity } from './registrar-home.js';

/** A registrar, and who one is there. */
export interface Registrar {
  /** `https://registrar.example` */
  readonly origin: string;
  /** What goes into `X-API-Key`. Secret. Undefined: nobody in particular. */
  readonly key: string | undefined;
}

/** Options that say which registrar is asked, and by whom. */
export interface RegistrarOptions {
  readonly registrar?: string;
  readonly keyFile?: string;
  readonly keyFd?: number;
  readonly json?: boolean;
}

/** Adds which registrar is asked. */
export function withRegistrarOption(command: Command): Command {
  return command.option(
    '--registrar <origin>',
    'whom to ask (default: $FAREBOX_REGISTRAR, or the one of farebox domains use)',
  );
}

/** Adds who asks. */
export function withIdentityOptions(command: Command): Command {
  return withRegistrarOption(command)
    .option(
      '--key-file <path>',
      'read the agent key from this file (default: $FAREBOX_REGISTRAR_KEY, or the one that is kept)',
    )
    .option('--key-fd <number>', 'read the agent key from this descriptor', parseDescriptor);
}

/** Adds `--json`. */
export function withJsonOption(command: Command): Command {
  return command.option('--json', 'one JSON object on stdout, errors as one on stderr');
}

/** The variable that holds an agent key. */
const keyVariable = 'FAREBOX_REGISTRAR_KEY';
/** What a key may be made of: it goes into a header. */
const keyForm = /^[\x21-\x7e]{8,512}$/;

/**
 * The origin that is asked: the option, else `FAREBOX_REGISTRAR`, else the one that was chosen. Plain http only to this
 * machine, as for every payment.
 */
export async function findOrigin({ registrar }: RegistrarOptions, home: Home): Promise<string> {
  const given =
    registrar ?? (process.env.FAREBOX_REGISTRAR || undefined) ?? (await readDefaultRegistrar(home));
  if (given === undefined) {
    throw usageError(
      'No registrar was named; give --registrar, or choose one for good with: farebox domains use <origin>',
    );
  }
  return readOrigin(given);
}

/** Reads an origin. Throws a usage error for what is none, and `insecure_url` for plain http to another machine. */
export async function readOrigin(text: string): Promise<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain =
    url && ['', '/'].includes(url.pathname) && url.search + url.hash + url.username + url.password === '';
  if (!plain || !/^https?:$/.test(url.protocol))
    throw usageError('A registrar is named by its origin, such as https://registrar.example');
  const { isSecure } = await import('@farebox/wallet');
  if (isSecure(url.href)) return url.origin;
  throw new CliError(
    'insecure_url',
    'A key and a payment go to a registrar over https only, or over http on this machine.',
    { exitCode: exitCodes.policy, retry: 'never' },
  );
}

/** True for what can be sent as a key. */
export function isAgentKey(text: string): boolean {
  return keyForm.test(text);
}

/** The key that was given for this call; undefined where none was. */
export async function givenKey({ keyFile: file, keyFd: fd }: RegistrarOptions): Promise<string | undefined> {
  const key = await readSecretLine({ what: 'agent key', variable: keyVariable, fd, file });
  if (key === undefined || isAgentKey(key)) return key;
  throw usageError('The agent key must be one word of plain characters, such as hd_agent_…');
}

/** Which registrar, and who one is there: the key that was given, else the one that is kept for it. */
export async function findRegistrar(options: RegistrarOptions, home: Home): Promise<Registrar> {
  const origin = await findOrigin(options, home);
  const key = (await givenKey(options)) ?? (await readIdentity(home, origin))?.key;
  return { origin, key };
}

/** The same, for what nobody may do without saying who they are. Throws {@link CliError} `identity_missing`. */
export async function requireIdentity(
  options: RegistrarOptions,
  home: Home,
): Promise<Registrar & { readonly key: string }> {
  const { origin, key } = await findRegistrar(options, home);
  if (key !== undefined) return { origin, key };
  const message = `This registrar has to know who you are; make an identity with: farebox domains key create --registrar ${origin}`;
  throw new CliError('identity_missing', message, { retry: 'never' });
}
