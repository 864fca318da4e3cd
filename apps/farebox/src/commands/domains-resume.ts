import type { Command } from 'commander';
import { usageError } from '../cli-error.js';
import { acting } from '../domains/acting.js';
import type { Resumed, ResumingOptions } from '../domains/buy-domain.js';
import { findOrigin, givenKey, type RegistrarOptions, withIdentityOptions } from '../domains/registrar.js';
import { exitCodeHelp } from '../exit-codes.js';
import { findHome, type Home } from '../home.js';
import type { ErrorReport, Output } from '../output.js';
import { withNodeOptions } from './pay-options.js';

interface Options extends RegistrarOptions, ResumingOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Adds `farebox domains resume`. */
export function registerDomainsResume(domains: Command): void {
  const command = domains
    .command('resume')
    .description('finish interrupted orders: present the credential again, with the same key; never pays')
    .argument('[id]', 'the payment, as farebox pay history names it')
    .option('--all', 'every order that is unfinished')
    .option(
      '--even-expired',
      'present it although the challenge has expired; the registrar need not honour it',
    );
  withNodeOptions(withIdentityOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  farebox domains resume --all
  farebox domains resume pay_0123456789abcdef0123 --json
${exitCodeHelp}`,
    )
    .action(run);
}

function run(id: string | undefined, options: Options): Promise<void> {
  return acting(options, true, async (output) => {
    if ((id === undefined) === (options.all !== true)) throw usageError('Name a payment, or give --all.');
    const { openResuming, resumeOrder } = await import('../domains/buy-domain.js');
    const home = findHome();
    const keyFor = await keysOf(options, home);
    const purse = await openResuming(home, options);
    try {
      if (id !== undefined) return await show(await resumeOrder(home, purse, id, keyFor, options), output);
      const { unfinishedOrders } = await import('../domains/journal-orders.js');
      const found: { readonly id: string; readonly resumed: Resumed | ErrorReport }[] = [];
      for (const { entry } of unfinishedOrders(purse.journal)) {
        const resumed = await orReport(() => resumeOrder(home, purse, entry.id, keyFor, options));
        found.push({ id: entry.id, resumed });
      }
      showAll(found, output);
    } finally {
      await purse.close();
    }
  });
}

/** A key that was given is for the registrar that was named with it, and for no other. */
async function keysOf(
  options: Options,
  home: Home,
): Promise<(origin: string) => Promise<string | undefined>> {
  const { readIdentity } = await import('../domains/registrar-home.js');
  const given = await givenKey(options);
  const named = given === undefined ? undefined : await findOrigin(options, home);
  return async (origin) => (origin === named ? given : (await readIdentity(home, origin))?.key);
}

async function orReport(work: () => Promise<Resumed>): Promise<Resumed | ErrorReport> {
  const { reportOf } = await import('../domains/acting.js');
  try {
    return await work();
  } catch (error) {
    return reportOf(error, true);
  }
}

const viewOf = (resumed: Resumed): object => {
  if (resumed.kind === 'delivered') return resumed.view;
  const { id, state, detail } = resumed;
  return { ok: true, id, state, detail };
};

async function show(resumed: Resumed, output: Output): Promise<void> {
  if (output.json) return output.object(viewOf(resumed));
  if (resumed.kind === 'finished') return output.text(`  ${resumed.id}  ${resumed.state}: nothing to do`);
  const { showOrder } = await import('../domains/views.js');
  showOrder(resumed.view, output);
}

function showAll(
  found: readonly { readonly id: string; readonly resumed: Resumed | ErrorReport }[],
  output: Output,
): void {
  const failed = found.map(({ resumed }) => resumed).filter((resumed) => 'exitCode' in resumed);
  const [worst] = failed;
  if (worst) process.exitCode = worst.exitCode;
  if (output.json) {
    const orders = found.map(({ resumed }) => ('exitCode' in resumed ? resumed : viewOf(resumed)));
    output.object({ ok: worst === undefined, orders });
    return;
  }
  if (found.length === 0) output.text('No order is unfinished.');
  for (const { id, resumed } of found) {
    if ('exitCode' in resumed) output.text(`  ${id}  ${resumed.error.message}`);
    else if (resumed.kind === 'delivered') output.text(`  ${id}  ${resumed.view.domain}: delivered`);
    else output.text(`  ${id}  ${resumed.state}: nothing to do`);
  }
}
