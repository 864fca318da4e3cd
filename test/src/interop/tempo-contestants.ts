import { parseChallenges, serializeCredential } from '@farebox/protocol';
import { httpRpc, tempoBuyer, tempoChain } from '@farebox/tempo';
import { createMemoryJournal, createWallet, readAll, type Wallet } from '@farebox/wallet';
import { openTempoMarket, type TempoMarket } from './tempo-market.js';

/** Who buys where, each for the same price on the same chain. */
export type Contestant =
  | 'mppx client, mppx server'
  | 'our buyer, our gate'
  | 'our wallet with its journal, our gate'
  | 'our wallet with a journal in memory, our gate'
  | 'mppx client, our gate'
  | 'our buyer, mppx server';

/** Everybody's round trip. */
export interface Contest {
  /** Buys once; the status of the answer. */
  readonly round: Readonly<Record<Contestant, () => Promise<number>>>;
  close(): Promise<void>;
}

/** Opens the contest on a market's chain; buyers and sellers all ask the node at `nodeUrl`. */
export async function openContest(host: TempoMarket, nodeUrl: string): Promise<Contest> {
  const market = await openTempoMarket(host.devnet.chainId, { market: host, nodeUrl });
  const merchant = await market.person(1n);
  const [ours, theirs, wallets] = [
    await market.person(1_000_000_000n),
    await market.person(1_000_000_000n),
    await market.person(1_000_000_000n),
  ];
  const ourSeller = await market.ourSeller(10_000n, { recipient: merchant.address });
  const mppxSeller = await market.mppxSeller({ amount: '0.01', recipient: merchant.address });
  const rpc = httpRpc({ url: nodeUrl });
  const buying = { chain: tempoChain(rpc), chainId: host.devnet.chainId, currencies: [market.token] };
  const buyer = tempoBuyer({ ...buying, account: ours.account });
  const amount = (units: bigint) => ({ amount: units, currency: market.token });
  const client = market.mppxClient(theirs);
  const wallet = market.wallet(wallets.account);
  const forgetful = createWallet({
    methods: [tempoBuyer({ ...buying, account: wallets.account })],
    journal: createMemoryJournal(),
  });
  let notes = 0;
  // Each buys another thing, as different buyers would.
  const at = ({ url }: { readonly url: string }) => {
    notes += 1;
    return `${url}/note?number=${notes}`;
  };
  async function payByMethod(url: string): Promise<number> {
    const asked = await fetch(url);
    await asked.arrayBuffer();
    const [challenge] = parseChallenges(asked.headers.get('www-authenticate') ?? '').challenges;
    if (challenge === undefined) throw new Error(`No challenge: ${asked.status}`);
    const deadlineMs = Date.now() + 20_000;
    const limits = { maxAmount: amount(10_000n), maxFee: amount(100_000n), deadlineMs };
    const outcome = await buyer.pay(challenge, limits);
    if (outcome.kind !== 'paid') throw new Error(outcome.detail);
    const { payload, source = '' } = outcome;
    const authorization = serializeCredential({ challenge, payload, source });
    return statusOf(await fetch(url, { headers: { authorization } }));
  }
  async function payByWallet(by: Wallet, url: string): Promise<number> {
    const { answer } = await by.pay({ url }, { max: amount(10_000n), maxFee: amount(100_000n) });
    await readAll(answer, 10_000);
    return answer.status;
  }
  return {
    round: {
      'mppx client, mppx server': async () => statusOf(await client.fetch(at(mppxSeller))),
      'our buyer, our gate': () => payByMethod(at(ourSeller)),
      'our wallet with its journal, our gate': () => payByWallet(wallet, at(ourSeller)),
      'our wallet with a journal in memory, our gate': () => payByWallet(forgetful, at(ourSeller)),
      'mppx client, our gate': async () => statusOf(await client.fetch(at(ourSeller))),
      'our buyer, mppx server': () => payByMethod(at(mppxSeller)),
    },
    async close() {
      rpc.close();
      await market.close();
    },
  };
}

/** Read to its end, as a buyer would. */
async function statusOf(response: Response): Promise<number> {
  await response.arrayBuffer();
  return response.status;
}
