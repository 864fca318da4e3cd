import type { Command } from 'commander';
import { exitCodeHelp } from '../exit-codes.js';
import { registerDomainsAsking } from './domains-asking.js';
import { registerDomainsKey } from './domains-key.js';
import { registerDomainsLocks } from './domains-locks.js';
import { registerDomainsOrders } from './domains-order.js';
import { registerDomainsRecords } from './domains-records.js';
import { registerDomainsResume } from './domains-resume.js';
import { registerDomainsTransfer } from './domains-transfer.js';

/** Adds `farebox domains` and its commands. */
export function registerDomains(program: Command): void {
  const domains = program
    .command('domains')
    .description('buy and keep domains: search, register, renew, records, locks')
    .addHelpText(
      'after',
      `
Examples:
  farebox domains use https://registrar.example             the registrar that is asked from now on
  farebox domains key create                                an identity there, kept in this home
  farebox domains search myname
  farebox domains register myname.agent --agree-to-terms          what would it cost?
  farebox domains register myname.agent --agree-to-terms --yes    pay and get it
  farebox domains resume --all                              finish what was interrupted
${exitCodeHelp}`,
    );
  registerDomainsAsking(domains);
  registerDomainsOrders(domains);
  registerDomainsResume(domains);
  registerDomainsTransfer(domains);
  registerDomainsRecords(domains);
  registerDomainsLocks(domains);
  registerDomainsKey(domains);
}
