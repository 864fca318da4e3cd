import type { JsonObject } from '@farebox/protocol';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { acting } from '../domains/acting.js';
import {
  findOrigin,
  givenKey,
  type RegistrarOptions,
  requireIdentity,
  withIdentityOptions,
  withJsonOption,
  withRegistrarOption,
} from '../domains/registrar.js';
import { withExamples } from '../help/examples.js';
import { findHome, type Home } from '../home.js';
import type { Output } from '../output.js';

interface Options extends RegistrarOptions {
  readonly name?: string;
  readonly replace?: boolean;
  readonly showClaimCode?: boolean;
}

/** Adds `farebox domains key` and its commands. */
export function registerDomainsKey(domains: Command): void {
  const key = domains
    .command('key')
    .description('who you are with a registrar: an agent key, kept in this home and shown to nobody')
    .addHelpText(
      'after',
      `
A key is kept for the registrar that gave it and is sent to no other. FAREBOX_REGISTRAR_KEY goes before it.

Examples:
  farebox domains key create --name 'my agent'
  farebox domains key set < key.txt --key-fd 0`,
    );
  const create = withRegistrarOption(
    key
      .command('create')
      .description('make an identity, and keep its key')
      .option('--name <name>', 'what it is called, for people')
      .option('--show-claim-code', 'show the code with which a person takes the agent for theirs, once'),
  );
  withExamples(withJsonOption(create), "farebox domains key create --name 'my agent'").action(createKey);
  const set = withIdentityOptions(
    key
      .command('set')
      .description('keep a key that you have, once the registrar knows it')
      .option('--replace', 'put it in place of the one that is kept'),
  );
  withExamples(withJsonOption(set), 'farebox domains key set --key-fd 0 < key.txt').action(setKey);
  const show = withIdentityOptions(key.command('show').description('who you are; never shows the key'));
  withExamples(withJsonOption(show), 'farebox domains key show').action(showKey);
  const revoke = withIdentityOptions(
    key
      .command('revoke')
      .description('take the key back: from then on it is nobody, also for you')
      .option('-y, --yes', 'do it'),
  );
  withExamples(withJsonOption(revoke), 'farebox domains key revoke --yes').action(revokeKey);
}

/** Members of an answer that only its owner may see. */
const secretMembers = new Set(['api_key', 'claim_code', 'data', 'token']);

function withoutSecrets(content: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(content).filter(([name]) => !secretMembers.has(name)));
}

function createKey(options: Options): Promise<void> {
  return acting(options, false, async (output) => {
    const { ask } = await import('../domains/ask.js');
    const { madeIdentity, memberText } = await import('../domains/made-identity.js');
    const { identityPath, keepDefaultRegistrar, keepIdentity, readIdentity } = await import(
      '../domains/registrar-home.js'
    );
    const home = findHome();
    const origin = await findOrigin(options, home);
    if ((await readIdentity(home, origin)) !== undefined) {
      const message = `There is a key for this registrar already (${identityPath(home, origin)}), and it is never written over; what is yours is tied to it.`;
      throw new CliError('key_exists', message, { retry: 'never' });
    }
    const body: JsonObject = options.name === undefined ? {} : { name: options.name };
    const call = { method: 'POST', path: '/api/v1/agents/provision', body, identified: false } as const;
    const { content } = await ask({ origin, key: undefined }, call);
    const made = madeIdentity(content);
    if (made === undefined) {
      throw new CliError('key_unreadable', "The registrar's answer has no key that can be read.", {
        retry: 'never',
      });
    }
    const { agentId } = made;
    // On disk before anything is shown: it is told once.
    const { path } = await keepIdentity(home, origin, made);
    await keepDefaultRegistrar(home, origin, false);
    const shown = withoutSecrets(content);
    const claimCode = options.showClaimCode ? memberText(content, 'claim_code') : undefined;
    const answer = claimCode === undefined ? shown : { ...shown, claim_code: claimCode };
    report(output, { origin, agentId, file: path, answer });
  });
}

function setKey(options: Options): Promise<void> {
  return acting(options, false, async (output) => {
    const { keepDefaultRegistrar, keepIdentity, readIdentity } = await import('../domains/registrar-home.js');
    const { agentIdIn } = await import('../domains/made-identity.js');
    const home = findHome();
    const origin = await findOrigin(options, home);
    const key = await givenKey(options);
    if (key === undefined) {
      const message = 'A key is needed; give it with --key-file, with --key-fd or in FAREBOX_REGISTRAR_KEY.';
      throw new CliError('key_missing', message, { retry: 'never' });
    }
    const kept = await readIdentity(home, origin);
    if (kept !== undefined && kept.key !== key && !options.replace) {
      throw new CliError(
        'key_exists',
        'There is another key for this registrar; what is yours may be tied to it. To replace it, add --replace.',
        { retry: 'never' },
      );
    }
    const content = await whoAmI({ origin, key });
    const agentId = agentIdIn(content);
    const { path } = await keepIdentity(home, origin, { key, ...(agentId && { agentId }) }, true);
    await keepDefaultRegistrar(home, origin, false);
    report(output, { origin, agentId, file: path, answer: withoutSecrets(content) });
  });
}

async function whoAmI(registrar: { readonly origin: string; readonly key: string }): Promise<JsonObject> {
  const { ask } = await import('../domains/ask.js');
  return (await ask(registrar, { method: 'GET', path: '/api/v1/agents/me', identified: true })).content;
}

function showKey(options: Options): Promise<void> {
  return acting(options, false, async (output) => {
    const home = findHome();
    const registrar = await requireIdentity(options, home);
    const { agentIdIn } = await import('../domains/made-identity.js');
    const content = await whoAmI(registrar);
    const file = await fileOf(home, registrar);
    const { origin } = registrar;
    report(output, { origin, agentId: agentIdIn(content), file, answer: withoutSecrets(content) });
  });
}

/** Where a key is kept; undefined for one that was given. */
async function fileOf(
  home: Home,
  { origin, key }: { readonly origin: string; readonly key: string },
): Promise<string | undefined> {
  const { identityPath, readIdentity } = await import('../domains/registrar-home.js');
  return (await readIdentity(home, origin))?.key === key ? identityPath(home, origin) : undefined;
}

function revokeKey(options: Options & { readonly yes?: boolean }): Promise<void> {
  return acting(options, false, async (output) => {
    const { ask } = await import('../domains/ask.js');
    const home = findHome();
    const registrar = await requireIdentity(options, home);
    const { origin, key } = registrar;
    const { agentIdIn } = await import('../domains/made-identity.js');
    const agentId = agentIdIn(await whoAmI(registrar));
    if (options.yes !== true) {
      const message =
        'The names of this identity can then be managed by nobody with this key; to do it, add --yes.';
      throw new CliError('not_confirmed', message, { retry: 'never' });
    }
    const call = { method: 'POST', path: '/oauth2/revoke', form: { token: key }, identified: false } as const;
    const { content } = await ask(registrar, call);
    // The file stays: which names belonged to whom can still be told from it.
    report(output, { origin, agentId, file: await fileOf(home, registrar), answer: withoutSecrets(content) });
  });
}

interface Reported {
  readonly origin: string;
  readonly agentId?: string | null | undefined;
  readonly file?: string | null | undefined;
  readonly answer: JsonObject;
}

function report(output: Output, { origin, agentId = null, file = null, answer }: Reported): void {
  if (output.json) output.object({ ok: true, registrar: origin, agentId, file, answer });
  else
    output.text(`${agentId ?? 'an identity'} with ${origin}${file === null ? '' : `, its key in ${file}`}`);
}
