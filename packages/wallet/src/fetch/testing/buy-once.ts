import { createMemoryJournal, createPayingFetch, createWallet } from '../../index.js';
import { PaperChain } from '../../testing/paper-chain.js';

/** What a purchase came to. */
export interface Bought {
  readonly text: string;
  readonly status: number;
  readonly receipt: string | null;
  readonly states: readonly string[];
}

/** Buys at a paper shop with the main entry alone: no file, no Node. Runs in any runtime, pages too. */
export async function buyOnce(url: string): Promise<Bought> {
  const journal = createMemoryJournal();
  const max = { amount: 5n, currency: 'cent' };
  const limits = { max, maxFee: { amount: 10n, currency: 'cent' } };
  const wallet = createWallet({ methods: [new PaperChain()], journal, limits });
  const payingFetch = createPayingFetch({ wallet });
  const response = await payingFetch(url, { method: 'POST', body: new URLSearchParams({ order: '7' }) });
  const text = await response.text();
  const states = journal.list().map(({ state }) => state);
  return { text, status: response.status, receipt: response.headers.get('payment-receipt'), states };
}
