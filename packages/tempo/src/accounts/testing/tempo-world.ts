import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import {
  type Challenge,
  encodeRequest,
  type JsonObject,
  type PayLimits,
  type PayOutcome,
} from '@farebox/protocol';
import { type TempoChain, tempoChain } from '../../chain/chain.js';
import type { Address, Hex } from '../../chain/hex.js';
import { isHex } from '../../chain/hex.js';
import { httpRpc } from '../../chain/http-rpc.js';
import type { TempoReceipt } from '../../chain/receipt.js';
import { ownAccount, type TempoAccount } from '../account.js';
import { newPrivateKey } from '../private-key.js';
import { type NodeProxy, startNodeProxy } from './node-proxy.js';

/** Base fee that tests set, attodollars per gas: what Tempo's main network asks. */
export const usualBaseFee = 20_000_000_000n;

/** A fresh key and its account. */
export interface Person {
  readonly privateKey: Hex;
  readonly account: TempoAccount;
  readonly address: Address;
}

/** A real Tempo chain on this machine, one token, and a clock that goes with the chain's. */
export interface TempoWorld {
  readonly devnet: TempoDevnet;
  readonly token: Address;
  /** Asked through the proxy, which counts and can lose calls. */
  readonly chain: TempoChain;
  readonly proxy: NodeProxy;
  /** Milliseconds since the epoch; moves with {@link advance}. */
  readonly now: () => number;
  /** Someone new, with base units of the token. */
  person(funds?: bigint): Promise<Person>;
  balance(address: Address): Promise<bigint>;
  /** Moves the chain's clock and ours. */
  advance(seconds: number): Promise<void>;
  /** Makes a block whose base fee is {@link usualBaseFee}: an idle devnet would give gas away. */
  usualFees(): Promise<void>;
  /** Does something while fees are usual, and again where they have fallen before its end: each idle second takes an eighth. */
  atUsualFees<Result>(work: () => Promise<Result>): Promise<Result>;
  challenge(request: JsonObject, options?: ChallengeOptions): Challenge;
  limits(limits?: { readonly amount?: bigint; readonly fee?: bigint; readonly waitMs?: number }): PayLimits;
  close(): Promise<void>;
}

/** What a challenge may say beside its request. */
export interface ChallengeOptions {
  readonly id?: string;
  readonly lifeMs?: number;
}

let lastChallenge = 0;

/** Starts a chain. Close it. */
export async function openTempoWorld(chainId = 4217): Promise<TempoWorld> {
  const devnet = await startTempoDevnet({ chainId });
  const proxy = await startNodeProxy(devnet.url);
  const rpc = httpRpc({ url: proxy.url });
  const token = devnet.tokens.pathUsd;
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const usualFees = async () => {
    await devnet.rpc('anvil_setNextBlockBaseFeePerGas', [`0x${usualBaseFee.toString(16)}`]);
    await devnet.mine();
  };
  const baseFee = async () => {
    const newest = await devnet.rpc('eth_getBlockByNumber', ['latest', false]);
    return typeof newest === 'object' && newest !== null ? BigInt(Reflect.get(newest, 'baseFeePerGas')) : 0n;
  };
  return {
    devnet,
    token,
    chain: tempoChain(rpc),
    proxy,
    now,
    async person(funds = 0n) {
      const privateKey = newPrivateKey();
      const account = ownAccount({ privateKey });
      if (funds > 0n) await devnet.fund(account.address, funds);
      return { privateKey, account, address: account.address };
    },
    balance: (address) => devnet.balance(address),
    async advance(seconds) {
      offsetMs += seconds * 1_000;
      await devnet.increaseTime(seconds);
    },
    usualFees,
    async atUsualFees(work) {
      for (;;) {
        await usualFees();
        const result = await work();
        if ((await baseFee()) * 10n >= usualBaseFee * 7n) return result;
      }
    },
    challenge(request, { id, lifeMs = 300_000 } = {}) {
      lastChallenge += 1;
      return {
        id: id ?? `challenge-${lastChallenge}-${process.pid}`,
        realm: 'https://api.example.test',
        method: 'tempo',
        intent: 'charge',
        request: encodeRequest(request),
        expires: new Date(now() + lifeMs).toISOString(),
      };
    },
    limits({ amount = 10_000_000n, fee = 1_000_000n, waitMs = 20_000 } = {}) {
      return {
        maxAmount: { amount, currency: token },
        maxFee: { amount: fee, currency: token },
        deadlineMs: now() + waitMs,
      };
    },
    async close() {
      rpc.close();
      await proxy.close();
      await devnet.close();
    },
  };
}

/** The request of a charge on a world's chain and in its token. */
export function chargeRequest(
  world: TempoWorld,
  amount: bigint,
  recipient: Address,
  details: JsonObject = {},
): JsonObject {
  return {
    amount: amount.toString(),
    currency: world.token,
    recipient,
    methodDetails: { chainId: world.devnet.chainId, supportedModes: ['pull'], ...details },
  };
}

/** The signed bytes of a paid outcome; throws for every other one. */
export function signedBytes(outcome: PayOutcome): Hex {
  if (outcome.kind !== 'paid') throw new Error(`Not paid: ${JSON.stringify(outcome)}`);
  const { signature } = outcome.payload;
  if (!isHex(signature)) throw new Error('The payload holds no signed transaction');
  return signature;
}

/** Carries out a payment, as a seller does with the credential. */
export function settle(world: TempoWorld, outcome: PayOutcome): Promise<TempoReceipt> {
  return world.chain.broadcast(signedBytes(outcome));
}
