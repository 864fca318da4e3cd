import type { Command } from 'commander';
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

interface Options extends RegistrarOptions {
  readonly yes?: boolean;
}

/** Adds `farebox domains transfer`. */
export function registerDomainsTransfer(domains: Command): void {
  withExamples(
    withJsonOption(
      withIdentityOptions(
        domains
          .command('transfer')
          .description(
            'give a name to another agent; it cannot be taken back, so without --yes nothing is done',
          )
          .argument('<name>', 'the whole name: myname.agent')
          .argument('<agent>', 'who gets it: agt_…')
          .option('-y, --yes', 'do it'),
      ),
    ),
    'farebox domains transfer myname.agent agt_0123456789abcdef0123 --yes',
  ).action((name: string, to: string, options: Options) =>
    acting(options, false, async (output) => {
      const { fqdn } = readDomain(name);
      const registrar = await requireIdentity(options, findHome());
      const { origin } = registrar;
      if (options.yes !== true) {
        if (output.json)
          return output.object({ ok: true, registrar: origin, domain: fqdn, to, done: false, dryRun: true });
        return output.text(
          `${fqdn} would be given to ${to}, for good. Nothing was done. To do it, add --yes.`,
        );
      }
      const { ask } = await import('../domains/ask.js');
      const path = `/api/v1/domains/${encodeURIComponent(fqdn)}/transfer`;
      const call = { method: 'POST', path, body: { to_agent_id: to }, identified: true, fqdn } as const;
      const { status, content } = await ask(registrar, call);
      if (output.json) output.object({ ok: true, registrar: origin, status, answer: content });
      else output.text(`${fqdn} belongs to ${to} now.`);
    }),
  );
}
