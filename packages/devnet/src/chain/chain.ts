import { type Block, GENESIS_RAW, mineBlock, parseBlock } from './block.js';
import { isCoinbase, outpoint, parseTransaction, type Transaction } from './transaction.js';

/** An unspent output. */
export interface Coin {
  readonly txid: string;
  readonly index: number;
  readonly valueSat: bigint;
  readonly script: Uint8Array;
  readonly height: number;
  readonly coinbase: boolean;
}

/** Why a transaction was not taken. */
export type SubmitResult =
  | { readonly ok: true; readonly txid: string }
  | { readonly ok: false; readonly reason: string };

/** Blocks whose median time a new block must exceed. */
const MEDIAN_TIME_BLOCKS = 11;

/**
 * A regtest chain in memory: real headers, proof of work, merkle roots and witness commitments, one miner, no
 * forks. Inputs must exist and the first spender wins; scripts are not run, because the only writers are the
 * nodes of the same devnet.
 */
export class Chain {
  readonly blocks: Block[];
  readonly mempool = new Map<string, Transaction>();
  readonly coins = new Map<string, Coin>();
  /** Told about every new block, after `beforeAnnounce`. */
  readonly listeners = new Set<(block: Block) => void>();
  readonly #blockOfTransaction = new Map<string, { block: Block; transaction: Transaction }>();
  readonly #heightOfHash = new Map<string, number>();
  readonly #spentInMempool = new Map<string, string>();
  readonly #rewardScript: Uint8Array;
  readonly #beforeAnnounce: (block: Block) => void;

  /** `beforeAnnounce` makes a block durable before anybody hears of it. */
  constructor(rewardScript: Uint8Array, stored: readonly Block[], beforeAnnounce: (block: Block) => void) {
    this.#rewardScript = rewardScript;
    this.#beforeAnnounce = beforeAnnounce;
    const genesis = parseBlock(GENESIS_RAW, 0);
    this.blocks = [genesis];
    this.#index(genesis);
    for (const block of stored) this.#adopt(block);
  }

  get height(): number {
    return this.blocks.length - 1;
  }

  get tip(): Block {
    const tip = this.blocks.at(-1);
    if (tip === undefined) throw new Error('A chain always has its genesis block.');
    return tip;
  }

  blockAt(height: number): Block | undefined {
    return this.blocks[height];
  }

  blockByHash(hash: string): Block | undefined {
    const height = this.#heightOfHash.get(hash);
    return height === undefined ? undefined : this.blocks[height];
  }

  /** A transaction in a block or, without `block`, in the mempool. */
  transaction(txid: string): { transaction: Transaction; block?: Block } | undefined {
    const waiting = this.mempool.get(txid);
    return waiting === undefined ? this.#blockOfTransaction.get(txid) : { transaction: waiting };
  }

  /** Whether a transaction in the mempool spends it. */
  isSpentInMempool(coin: { txid: string; index: number }): boolean {
    return this.#spentInMempool.has(outpoint(coin.txid, coin.index));
  }

  /** An output of the chain that no block spends. */
  coin(txid: string, index: number): Coin | undefined {
    return this.coins.get(outpoint(txid, index));
  }

  /** All coins of a script in the chain, oldest first. */
  confirmedCoinsOf(script: Uint8Array): Coin[] {
    const wanted = Buffer.from(script);
    return [...this.coins.values()]
      .filter((c) => wanted.equals(c.script))
      .sort((a, b) => a.height - b.height);
  }

  /** Coins of a script that nothing spends, not even the mempool, oldest first. */
  coinsOf(script: Uint8Array): Coin[] {
    return this.confirmedCoinsOf(script).filter((c) => !this.isSpentInMempool(c));
  }

  /** Median time of the last 11 blocks up to `height`, seconds (BIP 113). */
  medianTime(height = this.height): number {
    const from = Math.max(0, height - MEDIAN_TIME_BLOCKS + 1);
    const times = this.blocks.slice(from, height + 1).map((b) => b.time);
    times.sort((a, b) => a - b);
    return times[times.length >> 1] ?? 0;
  }

  /** Takes a transaction into the mempool. The first spender of an output wins; there is no replacement. */
  submit(raw: Uint8Array): SubmitResult {
    const transaction = parseTransaction(raw);
    const { txid } = transaction;
    if (this.mempool.has(txid) || this.#blockOfTransaction.has(txid)) return { ok: true, txid };
    const spent = transaction.inputs.map((input) => outpoint(input.txid, input.index));
    for (const [i, input] of transaction.inputs.entries()) {
      const key = spent[i] ?? '';
      if (this.#spentInMempool.has(key)) return { ok: false, reason: 'txn-mempool-conflict' };
      const parent = this.mempool.get(input.txid)?.outputs[input.index];
      if (parent === undefined && !this.coins.has(key)) {
        return { ok: false, reason: 'bad-txns-inputs-missingorspent' };
      }
    }
    for (const key of spent) this.#spentInMempool.set(key, txid);
    this.mempool.set(txid, transaction);
    return { ok: true, txid };
  }

  /**
   * Mines blocks; the first takes the whole mempool. The last block carries `nowSeconds`, earlier ones lie
   * `spacingSeconds` apart before it, as far as the median-time rule allows.
   */
  mine(count: number, nowSeconds: number, spacingSeconds = 1): void {
    for (let left = count - 1; left >= 0; left--) {
      const time = Math.max(nowSeconds - left * spacingSeconds, this.medianTime() + 1);
      const transactions = [...this.mempool.values()];
      const block = mineBlock({
        height: this.height + 1,
        previousHash: this.tip.hash,
        time,
        rewardScript: this.#rewardScript,
        feesSat: transactions.reduce((sum, t) => sum + (this.feeSat(t) ?? 0n), 0n),
        transactions,
      });
      this.#beforeAnnounce(block);
      this.mempool.clear();
      this.#spentInMempool.clear();
      this.#adopt(block);
      for (const listener of this.listeners) listener(block);
    }
  }

  /** What a transaction pays the miner; undefined when it spends outputs that the chain does not know. */
  feeSat(transaction: Transaction): bigint | undefined {
    let left = 0n;
    for (const input of transaction.inputs) {
      const spent = this.transaction(input.txid)?.transaction.outputs[input.index];
      if (spent === undefined) return undefined;
      left += spent.valueSat;
    }
    return left - transaction.outputs.reduce((sum, o) => sum + o.valueSat, 0n);
  }

  #adopt(block: Block): void {
    if (block.previousHash !== this.tip.hash)
      throw new Error(`Block ${block.height} does not follow the tip.`);
    this.blocks.push(block);
    this.#index(block);
    for (const transaction of block.transactions) {
      for (const input of transaction.inputs) this.coins.delete(outpoint(input.txid, input.index));
      const coinbase = isCoinbase(transaction);
      for (const [index, { valueSat, script }] of transaction.outputs.entries()) {
        if (script[0] === 0x6a) continue;
        const coin = { txid: transaction.txid, index, valueSat, script, height: block.height, coinbase };
        this.coins.set(outpoint(transaction.txid, index), coin);
      }
    }
  }

  #index(block: Block): void {
    this.#heightOfHash.set(block.hash, block.height);
    for (const transaction of block.transactions) {
      this.#blockOfTransaction.set(transaction.txid, { block, transaction });
    }
  }
}
