import { existsSync } from 'node:fs';
import type { Amount, Challenge } from '@farebox/protocol';
import type { Finding } from '@farebox/wallet/doctor';
import { CliError } from '../cli-error.js';
import { findHome, type Home } from '../home.js';
import { openPayer } from '../purse.js';
import { parseAddress, showAmount } from '../tempo/tokens.js';
import { examineTempoKey } from './doctor-tempo-key.js';
import { readHoldings } from './mcp-wallet.js';
import type { NodeOptions } from './pay-options.js';

/** Refusals that are about what this wallet pays with, not about the seller. */
const ownCodes = ['network_mismatch', 'chain_mismatch', 'currency_not_allowed', 'recipient_not_allowed'];

/**
 * Whether this wallet could pay what is asked: method, network, key, balance. Asks nodes and the chain; signs and spends
 * nothing.
 */
export async function examineWallet(
  challenges: readonly Challenge[],
  options: NodeOptions,
): Promise<readonly Finding[]> {
  const home = findHome();
  const say = await import('@farebox/wallet/doctor');
  try {
    const { findings, prices } = await examineMethods(challenges, options, home);
    if (!challenges.some(({ method }) => method === 'tempo')) return findings;
    const asked = prices.filter(({ currency }) => parseAddress(currency) !== undefined);
    return [...findings, ...(await examineTempoKey(home, options, asked))];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [say.fault('wallet', error.code, 'you', error.message)];
  }
}

async function examineMethods(
  challenges: readonly Challenge[],
  options: NodeOptions,
  home: Home,
): Promise<{ readonly findings: readonly Finding[]; readonly prices: readonly Amount[] }> {
  const { fault, fine } = await import('@farebox/wallet/doctor');
  const { exceeds } = await import('@farebox/wallet');
  const payer = await openPayer({
    home,
    node: options.node,
    account: options,
    tempo: options,
    paying: false,
  });
  try {
    // What the account has. How much of it an access key may spend is judged with the key.
    const balances = await readHoldings(options);
    const findings: Finding[] = [];
    const prices: Amount[] = [];
    for (const challenge of challenges) {
      const { method: name, intent } = challenge;
      const source = payer.methods.find(({ method, intent: own }) => method === name && own === intent);
      if (source === undefined) continue;
      const method = 'load' in source ? await source.load() : source;
      if ('missing' in method) {
        findings.push(fault('wallet', 'method_missing', 'you', method.missing));
        continue;
      }
      const inspected = method.inspect(challenge, { nowMs: Date.now() });
      if (!inspected.ok) {
        if (ownCodes.includes(inspected.code)) {
          findings.push(fault('wallet', inspected.code, 'you', `${inspected.detail}.`));
        }
        continue;
      }
      const { price } = inspected.inspection;
      prices.push(price);
      const known = balances.filter((line) => line.method === name);
      const shortage = known.find(({ missing }) => missing !== undefined)?.missing;
      const fits = known.find(
        ({ balance }) => balance !== undefined && exceeds(price, balance) !== undefined,
      );
      if (fits?.balance === undefined) {
        if (shortage !== undefined) findings.push(fault('wallet', 'cannot_pay', 'you', shortage));
      } else if (exceeds(price, fits.balance) === true) {
        const text = `The balance of ${showAmount(fits.balance)} is below the price of ${showAmount(price)}.`;
        findings.push(fault('wallet', 'balance', 'you', text, 'Put more there.'));
      } else {
        const text = `There is enough to pay ${showAmount(price)} by ${name}.`;
        findings.push(fine('wallet', 'balance', text));
      }
    }
    return { findings, prices };
  } finally {
    await payer.close();
  }
}

/** Payments for this address that were made and not delivered: to be resumed, not made again. */
export async function examineJournal(url: string, method: string): Promise<readonly Finding[]> {
  const { journal: path } = findHome();
  if (!existsSync(path)) return [];
  const { warning } = await import('@farebox/wallet/doctor');
  const { openJournal } = await import('@farebox/wallet/journal-sqlite');
  const journal = openJournal({ path });
  try {
    return journal
      .unfinished()
      .filter(({ request }) => request?.url === url && request.method === method)
      .slice(0, 5)
      .map(({ id, state }) =>
        warning(
          'wallet',
          'unfinished',
          'you',
          `A payment of yours for this address is not finished (${id}, ${state}).`,
          `Finish it before you pay again: farebox pay resume ${id}`,
        ),
      );
  } finally {
    journal.close();
  }
}
