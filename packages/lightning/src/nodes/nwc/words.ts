import type { JsonObject } from '@farebox/protocol';
import { NodeError } from '../../node.js';
import { cleanDetail } from '../http/detail.js';
import { textOf, wholeOf } from '../http/fields.js';
import type { HeldRight } from '../rights.js';
import type { WalletAnswer } from './envelope.js';

/** An answer of the wallet that is an error. */
export type WalletRefusal = Extract<WalletAnswer, { ok: false }>;

/** Said by a wallet that has not even tried (NIP-47, "Error codes"). */
const untried: ReadonlySet<string> = new Set([
  'INSUFFICIENT_BALANCE',
  'NOT_IMPLEMENTED',
  'QUOTA_EXCEEDED',
  'RATE_LIMITED',
  'UNSUPPORTED_ENCRYPTION',
]);

/** Whether an error says of itself that the payment was not made, or not any more. */
export function certainlyUnpaid({ code }: WalletRefusal): boolean {
  return untried.has(code) || code === 'PAYMENT_FAILED';
}

/** A wallet's error as ours. */
export function refusalOf(answer: WalletRefusal): NodeError {
  const said = cleanDetail(`${answer.code}: ${answer.message}`);
  if (isUnauthorized(answer)) {
    return new NodeError(
      'node_unauthorized',
      `The wallet does not accept this connection, or it lacks a right (${said}); make a new one in the wallet.`,
    );
  }
  if (answer.code === 'RATE_LIMITED') {
    return new NodeError('node_unreachable', `The wallet wants fewer requests (${said}); try again later.`);
  }
  if (answer.code === 'QUOTA_EXCEEDED') {
    return new NodeError(
      'node_refused',
      `The budget of this connection is used up (${said}); raise it in the wallet.`,
    );
  }
  return new NodeError('node_refused', `The wallet refused (${said}).`);
}

/** The wallet does not know this connection, or forbids it the method. */
export function isUnauthorized(answer: WalletAnswer): boolean {
  return !answer.ok && (answer.code === 'UNAUTHORIZED' || answer.code === 'RESTRICTED');
}

/** `state` is optional; wallets without it say when a payment settled. */
export function stateOf(found: JsonObject): string | undefined {
  return textOf(found, 'state') ?? ((wholeOf(found, 'settled_at') ?? 0n) > 0n ? 'settled' : undefined);
}

/** Methods in nobody's way: reading, and invoices. */
const harmlessMethod = /^(?:get_|list_|lookup_|make_|notifications$|(?:cancel|settle)_hold_invoice$)/;

/** What a connection may do that Farebox never asks of it. What is not known counts as administering. */
export function wideRights(methods: ReadonlySet<string>): HeldRight[] {
  return [...methods]
    .filter((word) => word !== 'pay_invoice' && !harmlessMethod.test(word))
    .map((word) => ({ right: /^(?:multi_)?pay_/.test(word) ? 'pay' : 'administer', held: true, word }));
}
