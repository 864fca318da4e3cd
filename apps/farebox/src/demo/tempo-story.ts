import { parseChallenges, type Receipt } from '@farebox/protocol';
import { findHome } from '../home.js';
import { openPurse } from '../purse.js';
import { showAmount } from '../tempo/tokens.js';
import type { TempoWorld } from './tempo-world.js';

const answerBytesMax = 65_536;

/** The same request, bought with a stablecoin. */
export interface TempoStory {
  /** What one 402 offered. */
  readonly offered: readonly string[];
  /** What the wallet would have chosen by itself, and why. */
  readonly choice: string;
  readonly price: string;
  readonly fee: string;
  /** What the merchant received, base units. */
  readonly received: string;
  readonly transaction: string;
  readonly receipt: Receipt;
}

/** Buys the request once more, from the same gateway, on the Tempo chain. */
export async function playTempoStory(url: string, directory: string, world: TempoWorld): Promise<TempoStory> {
  const unpaid = await fetch(url);
  await unpaid.body?.cancel();
  const offered = parseChallenges(unpaid.headers.get('www-authenticate') ?? '').challenges.map(
    ({ method, intent }) => `${method}/${intent}`,
  );
  const { readAll } = await import('@farebox/wallet');
  const home = findHome({ FAREBOX_HOME: directory });
  const purse = await openPurse({ home, node: 'devnet', tempo: {}, account: {}, paying: true });
  try {
    const preview = await purse.wallet.preview({ url });
    const before = await world.chain.balance(world.merchant);
    const bought = await purse.wallet.pay({ url }, { method: 'tempo' });
    if (preview.kind !== 'priced' || bought.kind !== 'delivered')
      throw new Error('The gateway asked for no payment.');
    await readAll(bought.answer, answerBytesMax);
    const { receipt, entry } = bought;
    if (receipt.status !== 'valid') throw new Error(`The receipt is ${receipt.status}.`);
    return {
      offered,
      choice: preview.choice ?? '',
      price: showAmount(entry.paid ?? entry.price),
      fee: entry.fee ? showAmount(entry.fee) : '',
      received: String((await world.chain.balance(world.merchant)) - before),
      transaction: receipt.receipt.reference,
      receipt: receipt.receipt,
    };
  } finally {
    await purse.close();
  }
}
