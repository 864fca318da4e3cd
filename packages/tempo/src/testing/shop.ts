import { randomBytes } from 'node:crypto';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { encodeRequest, type JsonObject, type VerifiedChallenge } from '@farebox/protocol';
import { ownAccount, type TempoAccount } from '../accounts/account.js';
import { newPrivateKey } from '../accounts/private-key.js';
import { expiringNonce, type PaymentTransaction, type TransactionCall } from '../accounts/transaction.js';
import type { Address, Hex } from '../chain/hex.js';
import { httpRpc } from '../chain/http-rpc.js';
import type { TempoRpc } from '../chain/rpc.js';
import { attributionMemo } from '../charge/memo.js';
import type { TempoVerification } from '../charge/refusal.js';
import { parseTempoChargeRequest, type TempoChargeRequest } from '../charge/request.js';
import { createTempoSeller, type TempoSeller, type TempoSellerOptions } from '../charge/seller.js';
import { transferSelector, transferWithMemoSelector } from '../charge/transfer-match.js';
import { expectedTransfers } from '../charge/transfers.js';

export const realm = 'https://api.example.test';
export const pathUsd: Address = '0x20c0000000000000000000000000000000000000';
export const alphaUsd: Address = '0x20c0000000000000000000000000000000000001';

/** One argument of a call. */
export function word(value: bigint | Hex): string {
  const hex = typeof value === 'bigint' ? value.toString(16) : value.slice(2);
  return hex.padStart(64, '0').toLowerCase();
}

export function transferData(to: Address, amount: bigint): Hex {
  return `0x${transferSelector.slice(2)}${word(to)}${word(amount)}`;
}

export function transferWithMemoData(to: Address, amount: bigint, memo: Hex): Hex {
  return `0x${transferWithMemoSelector.slice(2)}${word(to)}${word(amount)}${memo.slice(2)}`;
}

/** A fresh address that nobody holds the key of any more. */
export function freshAddress(): Address {
  return ownAccount({ privateKey: newPrivateKey() }).address;
}

/** What the seller asked of its node. */
export interface CountedRpc extends TempoRpc {
  readonly methods: string[];
}

export function counted(rpc: TempoRpc): CountedRpc {
  const methods: string[] = [];
  return {
    methods,
    request(method, params, timeoutMs) {
      methods.push(method);
      return rpc.request(method, params, timeoutMs);
    },
    close: () => rpc.close(),
  };
}

/** A payer with funds. */
export interface Payer {
  readonly privateKey: Hex;
  readonly account: TempoAccount;
}

/** A challenge, and what it asks for. */
export interface Sold {
  readonly challenge: VerifiedChallenge;
  readonly request: TempoChargeRequest;
  readonly memo: Hex;
  readonly calls: readonly TransactionCall[];
}

export interface Shop {
  readonly devnet: TempoDevnet;
  readonly seller: TempoSeller;
  readonly rpc: CountedRpc;
  readonly merchant: Address;
  /** A challenge such as the gate makes: with an id of its own, over the method's quote. */
  sell(amount?: bigint, changes?: SellChanges): Promise<Sold>;
  payer(funds?: bigint, token?: Address): Promise<Payer>;
  verify(
    sold: Sold,
    payload: JsonObject,
    context?: { nowMs?: number; source?: string },
  ): Promise<TempoVerification>;
  /** Presents a signed transaction. */
  present(sold: Sold, signed: Hex, nowMs?: number): Promise<TempoVerification>;
  balance(address: Address, token?: Address): Promise<bigint>;
}

export interface SellChanges {
  readonly currency?: Address;
  readonly lifeMs?: number;
  readonly description?: string;
}

/** A transaction that pays for a challenge, unsigned. */
export function paymentOf(sold: Sold, changes: Partial<PaymentTransaction> = {}): PaymentTransaction {
  return {
    chainId: sold.request.chainId ?? 0,
    calls: sold.calls,
    validBefore: Math.floor(Date.now() / 1_000) + 20,
    ...expiringNonce,
    gas: 400_000n + 300_000n * BigInt(sold.calls.length),
    maxFeePerGas: 40_000_000_000n,
    maxPriorityFeePerGas: 0n,
    ...(sold.request.feePayer ? { feePayer: true } : { feeToken: pathUsd }),
    ...changes,
  };
}

/** Signs a payment for a challenge. */
export function sign(payer: Payer, sold: Sold, changes: Partial<PaymentTransaction> = {}): Promise<Hex> {
  return payer.account.signTransaction(paymentOf(sold, changes));
}

/** What a verification came to, in one word: `ok`, or the refusal's code. */
export function codeOf(verification: TempoVerification): string {
  return verification.ok ? 'ok' : verification.refusal.code;
}

/** Opens a shop on a chain; without one it has a chain of its own, which is then closed by the caller. */
export async function openShop(
  options: Partial<TempoSellerOptions> & { readonly devnet?: TempoDevnet; readonly rpcUrl?: string } = {},
): Promise<Shop> {
  const { devnet = await startTempoDevnet(), rpcUrl, ...more } = options;
  const merchant = freshAddress();
  const rpc = counted(more.rpc ?? httpRpc({ url: rpcUrl ?? devnet.url }));
  const seller = createTempoSeller({
    chainId: devnet.chainId,
    tokens: { [pathUsd]: { recipient: merchant } },
    // Unknown outcomes are told soon, so that a test need not wait for them.
    patience: { lookAgainMs: 10, looksMax: 3 },
    ...more,
    rpc,
  });

  async function sell(amount = 10_000n, changes: SellChanges = {}): Promise<Sold> {
    const { currency = pathUsd, lifeMs = 300_000, description } = changes;
    const quote = await seller.quote(
      { method: 'tempo', intent: 'charge', price: { amount, currency }, ...(description && { description }) },
      { nowMs: Date.now(), challengeLifeMs: lifeMs },
    );
    const challenge: VerifiedChallenge = {
      id: randomBytes(16).toString('base64url'),
      realm,
      method: 'tempo',
      intent: 'charge',
      request: encodeRequest(quote.request),
      requestObject: quote.request,
      expires: new Date(quote.expiresMs).toISOString(),
    };
    const parsed = parseTempoChargeRequest(quote.request);
    if (!parsed.ok) throw new Error(parsed.detail);
    const request = parsed.value;
    const memo = attributionMemo({ realm, challengeId: challenge.id });
    const [primary, ...splits] = expectedTransfers(request);
    const calls = [
      { to: request.currency, data: transferWithMemoData(primary.recipient, primary.amount, memo) },
      ...splits.map((split) => ({
        to: request.currency,
        data:
          split.memo === undefined
            ? transferData(split.recipient, split.amount)
            : transferWithMemoData(split.recipient, split.amount, split.memo),
      })),
    ];
    return { challenge, request, memo, calls };
  }

  return {
    devnet,
    seller,
    rpc,
    merchant,
    sell,
    async payer(funds = 5_000_000n, token = pathUsd) {
      const privateKey = newPrivateKey();
      const account = ownAccount({ privateKey });
      if (funds > 0n) await devnet.fund(account.address, funds, token);
      return { privateKey, account };
    },
    verify: (sold, payload, context = {}) =>
      seller.verify(sold.challenge, payload, { nowMs: Date.now(), ...context }),
    present: (sold, signed, nowMs = Date.now()) =>
      seller.verify(sold.challenge, { type: 'transaction', signature: signed }, { nowMs }),
    balance: (address, token = pathUsd) => devnet.balance(address, token),
  };
}
