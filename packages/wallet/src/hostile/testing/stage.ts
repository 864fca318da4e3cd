import { readAll } from '../../answer.js';
import type { BuyOptions } from '../../buy.js';
import { WalletError } from '../../errors.js';
import { createPayingFetch } from '../../fetch/paying-fetch.js';
import type { WalletTimeouts } from '../../limits.js';
import type { ReceiptCheck } from '../../receipt-check.js';
import type { PayableRequest } from '../../request.js';
import { openTestPurse, type TestPurse } from '../../testing/purse.js';
import { ask, deliver, hashOf, honest, receiptOf, Seller, type Turn } from '../../testing/seller.js';
import { bytesOf402, RawSeller, type RawTurn } from './raw-seller.js';

/** Long enough for the slowest machine; what waits for a time-out says so itself. */
const patient = { unpaidAnswerMs: 50_000, paidAnswerMs: 50_000, answerIdleMs: 50_000 };
/** Most of an answer that a test reads. */
const textBytesMax = 1_000_000;

/** What a seller does, and to which request. */
export interface Act {
  /** Over HTTP … */
  readonly http?: (turn: Turn, stage: Stage) => unknown;
  /** … or byte for byte. */
  readonly raw?: (turn: RawTurn, stage: Stage) => unknown;
  readonly request?: Partial<PayableRequest>;
  readonly options?: BuyOptions;
  readonly timeouts?: WalletTimeouts;
  /** The call can be given up by `stage.giveUp`. */
  readonly givesUp?: boolean;
  /** Default `wallet`. */
  readonly by?: 'wallet' | 'fetch';
  /** Happens first, for instance an honest purchase. */
  readonly before?: (stage: Stage) => Promise<unknown>;
}

/** How a call ended. */
export interface End {
  readonly answer?: { readonly status: number; readonly text: string };
  readonly failure?: WalletError;
  readonly receipt?: ReceiptCheck['status'];
}

/** A seller, a wallet that buys from it, and a witness to whom nothing may ever be sent. */
export class Stage {
  readonly seller: Seller;
  readonly raw: RawSeller;
  readonly witness: Seller;
  readonly purse: TestPurse;
  readonly giveUp = (): void => this.#controller.abort();
  readonly #controller = new AbortController();
  readonly #act: Act;
  #spendableMsat = 0n;

  private constructor(act: Act, seller: Seller, raw: RawSeller, witness: Seller) {
    this.#act = act;
    this.seller = seller;
    this.raw = raw;
    this.witness = witness;
    this.purse = openTestPurse(seller.node, { timeouts: { ...patient, ...act.timeouts } });
  }

  static async open(act: Act): Promise<Stage> {
    const listening = [new Seller().listen(), new RawSeller().listen(), new Seller().listen()] as const;
    const stage = new Stage(act, ...(await Promise.all(listening)));
    stage.#spendableMsat = (await stage.seller.node.balance()).spendableMsat;
    await act.before?.(stage);
    stage.seller.behave(async (turn) => void (await (act.http ?? honest)(turn, stage)));
    stage.raw.behave((turn) => act.raw?.(turn, stage));
    return stage;
  }

  async close(): Promise<void> {
    this.purse.close();
    await Promise.all([this.seller.close(), this.raw.close(), this.witness.close()]);
  }

  get url(): string {
    return this.#act.raw === undefined ? this.seller.url : this.raw.url;
  }

  /** Everything that has left the node since the beginning. */
  async spentMsat(): Promise<bigint> {
    return this.#spendableMsat - (await this.seller.node.balance()).spendableMsat;
  }

  /** The credentials that the seller has been shown, in order. */
  get presented(): readonly string[] {
    const shown = [
      ...this.seller.credentials,
      ...this.raw.turns.flatMap(({ credential }) => credential ?? []),
    ];
    return shown.map(({ challenge, payload }) => JSON.stringify([challenge, payload]));
  }

  /** How often the seller was asked. */
  get asked(): number {
    return this.seller.seen.length + this.raw.turns.length;
  }

  /** Makes the call. */
  async call(): Promise<End> {
    const { request, options, by } = this.#act;
    const payable = { url: `${this.url}/goods`, ...request };
    try {
      return by === 'fetch' ? await this.#fetch(payable) : await this.#pay(payable, options);
    } catch (failure) {
      if (failure instanceof WalletError) return { failure };
      throw failure;
    }
  }

  async #pay(payable: PayableRequest, options?: BuyOptions): Promise<End> {
    const signal = this.#act.givesUp ? this.#controller.signal : undefined;
    const result = await this.purse.wallet.pay(payable, { ...options, signal });
    const bytes = await readAll(result.answer, textBytesMax);
    const answer = { status: result.answer.status, text: new TextDecoder().decode(bytes) };
    return result.kind === 'free' ? { answer } : { answer, receipt: result.receipt.status };
  }

  async #fetch({ url, method = 'GET', headers, body }: PayableRequest): Promise<End> {
    let receipt: ReceiptCheck['status'] | undefined;
    const payingFetch = createPayingFetch({
      wallet: this.purse.wallet,
      answerBytesMax: textBytesMax,
      onReceipt: (check) => {
        receipt = check.status;
      },
    });
    const response = await payingFetch(url, {
      method,
      ...(headers && {
        headers: new Headers(Symbol.iterator in headers ? [...headers].map(([n, v]) => [n, v]) : headers),
      }),
      ...(body && { body: typeof body === 'string' ? body : Uint8Array.from(body) }),
    });
    const answer = { status: response.status, text: await response.text() };
    return receipt === undefined ? { answer } : { answer, receipt };
  }

  /** From now on the seller is honest. */
  mend(): void {
    this.seller.behave(honest);
    this.raw.behave(honestRaw(this));
  }

  /** Asks for an interrupted payment's answer, with all the time in the world. */
  async resume(paymentId: string): Promise<End> {
    const wallet = this.purse.another({ timeouts: patient });
    const headers = [...new Headers(toPairs(this.#act.request?.headers))].map(([n, v]): [string, string] => [
      n,
      v,
    ]);
    const result = await wallet.resume(paymentId, { headers });
    if (result.kind !== 'delivered') throw new Error(`Not delivered: ${result.kind} ${result.entry.state}`);
    const bytes = await readAll(result.answer, textBytesMax);
    const answer = { status: result.answer.status, text: new TextDecoder().decode(bytes) };
    return { answer, receipt: result.receipt.status };
  }
}

function toPairs(headers: PayableRequest['headers']): [string, string][] {
  if (headers === undefined) return [];
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return pairs.map(([name, value]): [string, string] => [name, value]);
}

/** The goods and their receipt, in bytes. */
export function bytesOfGoods({ credential }: RawTurn): string {
  if (credential === undefined) throw new Error('nothing was presented');
  const receipt = receiptOf(credential, hashOf(credential));
  return `HTTP/1.1 200 OK\r\nPayment-Receipt: ${receipt}\r\nContent-Length: 10\r\n\r\n{"rate":1}`;
}

const honestRaw =
  ({ seller }: Stage) =>
  async (turn: RawTurn) => {
    const bytes = turn.credential ? bytesOfGoods(turn) : bytesOf402(await seller.challenge());
    turn.socket.write(bytes, 'latin1');
  };

/** Asks honestly for one satoshi; does this once it is paid. */
export const afterPaying = (then: (turn: Turn, stage: Stage) => unknown) => (turn: Turn, stage: Stage) =>
  turn.seen.credential === undefined ? honest(turn) : then(turn, stage);

/** As {@link afterPaying}, byte for byte; text is written as it is. */
export const rawAfterPaying =
  (then: string | ((turn: RawTurn, stage: Stage) => unknown)) => async (turn: RawTurn, stage: Stage) => {
    if (turn.credential === undefined)
      return void turn.socket.write(bytesOf402(await stage.seller.challenge()));
    return void (typeof then === 'string' ? turn.socket.write(then, 'latin1') : then(turn, stage));
  };

/** Asks like this, and delivers to whoever pays: a wallet that is taken in is found out by its payment. */
export const asking =
  (challenges: (seller: Seller) => Promise<readonly Parameters<typeof ask>[1][]>) =>
  async ({ seen, response, seller }: Turn): Promise<void> => {
    if (seen.credential) return deliver(response, seen.credential);
    ask(response, ...(await challenges(seller)));
  };
