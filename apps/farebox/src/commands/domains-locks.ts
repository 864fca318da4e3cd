import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { acting } from '../domains/acting.js';
import { readDomain } from '../domains/domain-name.js';
import {
  type RegistrarOptions,
  requireIdentity,
  withIdentityOptions,
  withJsonOption,
} from '../domains/registrar.js';
import { withExamples } from '../help/examples.js';
import { findHome } from '../home.js';

/** Adds `farebox domains locks status` and `reset`. */
export function registerDomainsLocks(domains: Command): void {
  const locks = domains
    .command('locks')
    .description('a payment that was begun locks its name for a while: see, and clear what is left')
    .addHelpText('after', '\nExamples:\n  farebox domains locks status myname.agent');
  const named = (name: string, description: string) =>
    withExamples(
      withJsonOption(
        withIdentityOptions(
          locks.command(name).description(description).argument('<domain>', 'the whole name: myname.agent'),
        ),
      ),
      `farebox domains locks ${name} myname.agent`,
    );
  named('status', 'is a name locked, and by whom?').action((name: string, options: RegistrarOptions) =>
    status(name, options),
  );
  named(
    'reset',
    'clear a lock of yours that no payment belongs to; refused while a payment of this wallet for the name is unresolved',
  ).action((name: string, options: RegistrarOptions) => reset(name, options));
}

const pathOf = (fqdn: string, verb: string) => `/api/v1/domains/${encodeURIComponent(fqdn)}/${verb}`;

function status(name: string, options: RegistrarOptions): Promise<void> {
  return acting(options, false, async (output) => {
    const { ask } = await import('../domains/ask.js');
    const { openUnfinished } = await import('../domains/journal-orders.js');
    const home = findHome();
    const { fqdn } = readDomain(name);
    const registrar = await requireIdentity(options, home);
    const { origin } = registrar;
    const call = { method: 'GET', path: pathOf(fqdn, 'lock-status'), identified: true, fqdn } as const;
    const { content } = await ask(registrar, call);
    const unfinished = (await openUnfinished(home, { origin, fqdn })).map(({ entry }) => entry.id);
    if (output.json)
      return output.object({ ok: true, registrar: origin, domain: fqdn, unfinished, answer: content });
    const { showAnswer } = await import('../domains/views.js');
    showAnswer(content, output);
    for (const id of unfinished) output.text(`Yours, and not finished: farebox domains resume ${id}`);
  });
}

function reset(name: string, options: RegistrarOptions): Promise<void> {
  return acting(options, false, async (output) => {
    const { ask } = await import('../domains/ask.js');
    const { openUnfinished } = await import('../domains/journal-orders.js');
    const home = findHome();
    const { fqdn } = readDomain(name);
    const registrar = await requireIdentity(options, home);
    const { origin } = registrar;
    // The journal first: with the lock gone somebody else could take the name that we have paid for.
    // Whatever address it was begun at: one registrar may have several.
    const [open] = await openUnfinished(home, { fqdn });
    if (open !== undefined) {
      const { id, state } = open.entry;
      const message = `A payment of yours for ${fqdn} is unresolved (${id}, ${state}), and the lock protects it; finish it first: farebox domains resume ${id}`;
      throw new CliError('payment_unresolved', message, { retry: 'resume' });
    }
    const call = { method: 'POST', path: pathOf(fqdn, 'reset-lock'), identified: true, fqdn } as const;
    const answered = await ask(registrar, call);
    if (output.json)
      output.object({ ok: true, registrar: origin, status: answered.status, answer: answered.content });
    else output.text(`The lock on ${fqdn} is cleared.`);
  });
}
