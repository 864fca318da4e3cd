import { p2wpkh, Transaction as SigningTransaction } from '@scure/btc-signer';
import { pubECDSA } from '@scure/btc-signer/utils.js';
import type { Chain } from './chain.js';
import { REGTEST } from './script.js';
import { parseTransaction, type Transaction } from './transaction.js';

/** Confirmations before a coinbase may be spent. */
export const COINBASE_MATURITY_BLOCKS = 100;

const feeSat = 1_000n;

/** The miner's wallet: one P2WPKH key that owns what is mined. Worthless regtest coins. */
export class MinerWallet {
  readonly script: Uint8Array;
  readonly address: string;
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    const payment = p2wpkh(pubECDSA(key), REGTEST);
    if (payment.address === undefined) throw new Error('The miner wallet has no address.');
    this.#key = key;
    this.script = payment.script;
    this.address = payment.address;
  }

  /** A signed transaction that pays `amountSat` to `script` from the oldest mature coin, with change. */
  spend(chain: Chain, script: Uint8Array, amountSat: bigint): Transaction {
    const coin = chain
      .coinsOf(this.script)
      .find(
        (c) => c.valueSat > amountSat + feeSat && chain.height + 1 - c.height >= COINBASE_MATURITY_BLOCKS,
      );
    if (coin === undefined) throw new Error('The miner wallet has no mature coin that is large enough.');
    const draft = new SigningTransaction({ allowUnknownOutputs: true });
    const witnessUtxo = { script: this.script, amount: coin.valueSat };
    draft.addInput({ txid: coin.txid, index: coin.index, witnessUtxo });
    draft.addOutput({ script, amount: amountSat });
    draft.addOutput({ script: this.script, amount: coin.valueSat - amountSat - feeSat });
    draft.sign(this.#key);
    draft.finalize();
    return parseTransaction(draft.extract());
  }
}
