import { stat } from 'node:fs/promises';
import type { Journal, Wallet } from '@farebox/wallet';
import type { McpBalance, McpPurpose } from '@farebox/wallet/mcp';
import { findHome, type Home } from '../home.js';
import { policyPath } from '../policy/load.js';
import { openPurse, type Purse } from '../purse.js';
import { readTempoSettings } from '../tempo/settings.js';
import { isFault, readLightningBalance, readTempoBalance } from '../vault/balances.js';
import { openAccount, sessionMark } from '../vault/open-account.js';
import type { NodeOptions } from './pay-options.js';

/** The wallet of a server: opened when a call first needs it, and kept. */
export interface KeptWallet {
  open(purpose: McpPurpose): Promise<{ readonly wallet: Wallet; readonly journal: Journal }>;
  close(): Promise<void>;
}

interface Kept {
  /** What it was opened by, as it was. */
  readonly rules: string;
  readonly purse: Promise<Purse>;
}

/**
 * Keeps the purses of a server, one for each purpose. What cannot be opened is tried again; and when the owner has changed
 * the policy, the vault, the Tempo key or the devnet, has locked the vault, or its session has ended, the next call is under
 * what is so now, or is refused.
 */
export function keepWallet(options: NodeOptions): KeptWallet {
  const home = findHome();
  const current = new Map<McpPurpose, Kept>();
  // Calls may still be at work with an older one: all are closed at the end.
  const opened = new Set<Promise<Purse>>();
  return {
    async open(purpose) {
      const rules = await rulesOf(home);
      const known = current.get(purpose);
      if (known?.rules === rules) return known.purse;
      const purse = openPurse({
        home,
        node: options.node,
        tempo: options,
        account: options,
        paying: purpose !== 'ask',
        resuming: purpose === 'finish',
      });
      const kept: Kept = { rules, purse };
      current.set(purpose, kept);
      opened.add(purse);
      const forget = () => current.get(purpose) === kept && current.delete(purpose);
      purse.catch(() => opened.delete(purse));
      // A session that began meanwhile may have opened it, and once that has ended all is as it was before.
      purse.then(async () => (await rulesOf(home)) === rules || forget()).catch(forget);
      return purse;
    },
    async close() {
      for (const purse of opened) await (await purse.catch(() => undefined))?.close();
    },
  };
}

/** Changes whenever one of the files is written, and when the vault is unlocked or locked. */
async function rulesOf(home: Home): Promise<string> {
  const files = [policyPath(home), home.vault, home.devnetFile, home.tempoKey];
  const marks = files.map(async (path) => {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    return found === undefined ? 'none' : `${found.ino} ${found.mtimeNs} ${found.size}`;
  });
  return [...(await Promise.all(marks)), await sessionMark(home)].join(', ');
}

/** What could be spent by each payment method; connects for the question and lets go again. */
export function readSpendable(options: NodeOptions): Promise<readonly McpBalance[]> {
  return readLines(options, 'spendable');
}

/** The same of what is there, also where an access key may spend less of it. */
export function readHoldings(options: NodeOptions): Promise<readonly McpBalance[]> {
  return readLines(options, 'balance');
}

async function readLines(
  options: NodeOptions,
  counted: 'spendable' | 'balance',
): Promise<readonly McpBalance[]> {
  const home = findHome();
  const access = await openAccount(home, options, { needed: true });
  const settings = await readTempoSettings(options, home);
  const [lightning, tempo] = await Promise.all([
    readLightningBalance(home, access, options.node === 'devnet'),
    readTempoBalance(home, access, options, settings),
  ]);
  return [lightningLine(lightning), ...tempoLines(tempo, counted)];
}

function lightningLine(part: Awaited<ReturnType<typeof readLightningBalance>>): McpBalance {
  const method = 'lightning';
  if (part === undefined)
    return { method, balance: undefined, missing: 'There is no Lightning node to pay with.' };
  if (isFault(part)) return { method, balance: undefined, missing: part.error.message };
  return { method, balance: part.spendable, missing: undefined };
}

function tempoLines(
  part: Awaited<ReturnType<typeof readTempoBalance>>,
  counted: 'spendable' | 'balance',
): readonly McpBalance[] {
  const method = 'tempo';
  if (part === undefined)
    return [{ method, balance: undefined, missing: 'There is no Tempo key to pay with.' }];
  if (isFault(part)) return [{ method, balance: undefined, missing: part.error.message }];
  return part.balances.map(({ currency, ...amounts }) => ({
    method,
    balance: { amount: amounts[counted], currency },
    missing: undefined,
  }));
}
