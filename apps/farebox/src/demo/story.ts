import { createHash } from 'node:crypto';
import type { PayingNode } from '@farebox/lightning';
import {
  type BuyerMethod,
  type Challenge,
  decodeRequest,
  type JsonObject,
  type JsonValue,
  type Problem,
  parseChallenges,
  type Receipt,
} from '@farebox/protocol';
import type { Delivered } from '@farebox/wallet';
import { playTempoStory, type TempoStory } from './tempo-story.js';
import type { World } from './world.js';

/** What is bought. */
const bought = '/v1/bitcoin/price';
/** What the same credential is tried on afterwards. */
const other = '/v1/bitcoin/blocks/tip';
const apiBodyBytesMax = 65_536;

/** What was seen of one request. */
export interface Seen {
  readonly status: number;
  readonly problem?: Problem;
}

/** Everything that happened, in the order in which it did. */
export interface Story {
  readonly ok: true;
  readonly url: string;
  readonly unpaid: Seen;
  readonly challenge: Omit<Challenge, 'request'> & { readonly request: JsonObject };
  readonly invoice: string;
  readonly payment: {
    readonly paymentHash: string;
    readonly amountSat: string;
    readonly feeMsat: string;
    readonly ms: number;
  };
  /** SHA-256 of the preimage that the network gave the wallet is the payment hash of the invoice. */
  readonly preimageMatches: boolean;
  readonly paid: Seen & { readonly ms: number };
  readonly receipt: Receipt;
  readonly apiBody: JsonValue;
  readonly replayed: Seen;
  readonly otherRoute: Seen;
  /** With --tempo: the same, bought with a stablecoin. */
  readonly tempo?: TempoStory;
}

/** Told as it happens, for people. */
export interface Listener {
  challenged?(unpaid: Seen, challenge: Story['challenge'], invoice: string): void;
  paid?(payment: Story['payment'], preimageMatches: boolean): void;
  delivered?(story: Pick<Story, 'paid' | 'receipt' | 'apiBody'>): void;
  checked?(story: Pick<Story, 'replayed' | 'otherRoute'>): void;
  boughtOverTempo?(tempo: TempoStory): void;
}

/** Buys one request with a real wallet from the world's real gateway, and tries the credential twice more. */
export async function playStory(world: World, listener: Listener): Promise<Story> {
  const url = `${world.url}${bought}`;
  const record = new Recorder(world.walletNode, listener);
  const delivered = await record.buy(url, `${world.home}/journal.db`);
  const { readAll } = await import('@farebox/wallet');
  const bytes = await readAll(delivered.answer, apiBodyBytesMax);
  const apiBody: JsonValue = JSON.parse(new TextDecoder().decode(bytes));
  if (delivered.receipt.status !== 'valid') throw new Error(`The receipt is ${delivered.receipt.status}.`);
  const paid = { status: delivered.answer.status, ms: record.presentedMs };
  const { receipt } = delivered.receipt;
  listener.delivered?.({ paid, receipt, apiBody });

  const headers = { Authorization: record.authorization };
  const replayed = await see(await fetch(url, { headers }));
  const otherRoute = await see(await fetch(`${world.url}${other}`, { headers }));
  listener.checked?.({ replayed, otherRoute });
  const told = { ok: true, url, ...record.told(), paid, receipt, apiBody, replayed, otherRoute } as const;
  if (world.tempo === undefined) return told;
  const tempo = await playTempoStory(url, world.home, world.tempo);
  listener.boughtOverTempo?.(tempo);
  return { ...told, tempo };
}

/** Watches a wallet at work: what it was asked to pay, what it paid, what it presented. */
class Recorder {
  authorization = '';
  presentedMs = 0;
  readonly #node: PayingNode;
  readonly #listener: Listener;
  #told: Pick<Story, 'unpaid' | 'challenge' | 'invoice' | 'payment' | 'preimageMatches'> | undefined;
  #challenged: Pick<Story, 'unpaid' | 'challenge' | 'invoice'> | undefined;

  constructor(node: PayingNode, listener: Listener) {
    this.#node = node;
    this.#listener = listener;
  }

  async buy(url: string, journalPath: string): Promise<Delivered> {
    const [{ createWallet }, { openJournal }, { lightningBuyer }] = await Promise.all([
      import('@farebox/wallet'),
      import('@farebox/wallet/journal-sqlite'),
      import('@farebox/lightning'),
    ]);
    const journal = openJournal({ path: journalPath });
    const methods = [this.#watch(lightningBuyer({ node: this.#node, network: 'regtest' }))];
    const wallet = createWallet({ methods, journal, fetch: this.#fetch });
    const result = await wallet.pay({ url }, { max: { amount: 1n, currency: 'sat' } });
    if (result.kind !== 'delivered')
      throw new Error(`The gateway asked for no payment: ${result.answer.status}.`);
    return result;
  }

  told(): Pick<Story, 'unpaid' | 'challenge' | 'invoice' | 'payment' | 'preimageMatches'> {
    if (this.#told === undefined) throw new Error('The wallet paid nothing.');
    return this.#told;
  }

  /** The wallet's own requests, watched. */
  readonly #fetch: typeof fetch = async (input, init) => {
    const credential = new Headers(init?.headers).get('authorization');
    const startMs = performance.now();
    const response = await fetch(input, init);
    if (credential !== null) {
      this.authorization = credential;
      this.presentedMs = round(performance.now() - startMs);
    } else if (response.status === 402) {
      const unpaid = await see(response.clone());
      const [challenge] = parseChallenges(response.headers.get('www-authenticate') ?? '').challenges;
      if (challenge !== undefined) this.#onChallenge(unpaid, challenge);
    }
    return response;
  };

  #onChallenge(unpaid: Seen, raw: Challenge): void {
    const request = decodeRequest(raw.request) ?? {};
    const details = request.methodDetails;
    const invoice =
      typeof details === 'object' && details !== null && 'invoice' in details ? details.invoice : '';
    this.#challenged = { unpaid, challenge: { ...raw, request }, invoice: String(invoice) };
    this.#listener.challenged?.(unpaid, this.#challenged.challenge, this.#challenged.invoice);
  }

  #watch(buyer: BuyerMethod): BuyerMethod {
    return {
      method: buyer.method,
      intent: buyer.intent,
      inspect: (challenge, context) => buyer.inspect(challenge, context),
      resume: (challenge) => buyer.resume(challenge),
      pay: async (challenge, limits) => {
        const startMs = performance.now();
        const outcome = await buyer.pay(challenge, limits);
        const inspected = buyer.inspect(challenge, { nowMs: Date.now() });
        if (outcome.kind === 'paid' && inspected.ok && this.#challenged !== undefined) {
          const { reference: paymentHash } = inspected.inspection;
          const feeMsat = String(
            outcome.fee.currency === 'msat' ? outcome.fee.amount : outcome.fee.amount * 1_000n,
          );
          const ms = round(performance.now() - startMs);
          const payment = { paymentHash, amountSat: String(outcome.paid.amount), feeMsat, ms };
          const preimageMatches = sha256(String(outcome.payload.preimage)) === paymentHash;
          this.#told = { ...this.#challenged, payment, preimageMatches };
          this.#listener.paid?.(payment, preimageMatches);
        }
        return outcome;
      },
    };
  }
}

async function see(response: Response): Promise<Seen> {
  const text = await response.text();
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
  return isProblem ? { status: response.status, problem: JSON.parse(text) } : { status: response.status };
}

function sha256(preimage: string): string {
  return createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
