import { createHash, randomBytes } from 'node:crypto';
import type { InvoiceNode, InvoiceRequest, PayingNode, PaymentState } from '@farebox/lightning';
import type { TestContext } from 'vitest';
import type { NodeFaults, NodeWorld } from './conformance.js';

/** How long the suite waits for something that must come true, milliseconds. */
const patienceMs = 60_000;

/** What a payment may take, milliseconds. */
export const payMs = 15_000;

/** An invoice request of one satoshi that lives ten minutes. */
export function anInvoice(change: Partial<InvoiceRequest> = {}): InvoiceRequest {
  return { amountMsat: 1_000n, description: 'conformance, worthless coins', expirySeconds: 600, ...change };
}

/** SHA-256 of hex, in hex. */
export function hashOf(preimage: string): string {
  return createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
}

/** A preimage and its hash, hex. */
export function newSecret(): { preimage: string; paymentHash: string } {
  const preimage = randomBytes(32).toString('hex');
  return { preimage, paymentHash: hashOf(preimage) };
}

/** The success of a payment; throws what it was instead. */
export function succeeded(state: PaymentState): Extract<PaymentState, { status: 'succeeded' }> {
  if (state.status === 'succeeded') return state;
  throw new Error(`The payment did not succeed: ${JSON.stringify(state)}`);
}

/** Asks until the answer satisfies, and returns it. Throws the last answer when patience ends. */
export async function until<T>(ask: () => Promise<T> | T, satisfies: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    if (Date.now() > end) throw new Error(`It did not come true; the last answer was ${show(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function show(answer: unknown): string {
  return (
    JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value)) ?? 'undefined'
  );
}

/** Waits until a payment has ended, as the adapter tells it. */
export function ended(wallet: PayingNode, paymentHash: string): Promise<PaymentState> {
  return until(
    () => wallet.trackPayment(paymentHash),
    (state) => state.status !== 'in-flight',
  );
}

/** Readings of a balance that must agree before it counts as resting: an invoice settles before its coins do. */
const restingReadings = 5;

/** The wallet's coins, once what earlier tests have moved has come to rest. */
export async function balanceAtRest(wallet: PayingNode): Promise<{ readonly spendableMsat: bigint }> {
  const readings: bigint[] = [];
  await until(
    async () => readings.unshift((await wallet.balance()).spendableMsat),
    () => readings.length >= restingReadings && new Set(readings.slice(0, restingReadings)).size === 1,
  );
  return { spendableMsat: readings[0] ?? 0n };
}

/** The wallet's coins, once a balance that is still moving has come to rest at `expected`. */
export function balanceIs(wallet: PayingNode, expected: bigint): Promise<unknown> {
  return until(
    async () => (await wallet.balance()).spendableMsat,
    (spendable) => spendable === expected,
  );
}

/** The seller's adapter, or the test is skipped for all to see. */
export function sellerOf(world: NodeWorld, context: TestContext): InvoiceNode {
  if (world.seller === undefined) return context.skip('this kind of node does not sell');
  return world.seller;
}

/** The buyer's adapter, or the test is skipped for all to see. */
export function walletOf(world: NodeWorld, context: TestContext): PayingNode {
  if (world.wallet === undefined) return context.skip('this kind of node does not pay');
  return world.wallet;
}

/** The connection's faults, or the test is skipped for all to see. */
export function faultsOf(world: NodeWorld, context: TestContext): NodeFaults {
  if (world.faults === undefined) return context.skip('there is no connection to disturb');
  return world.faults;
}

/** What an error shows to whoever reads it: messages and codes of it and its causes, and all they print. */
export function shown(error: unknown): string {
  const parts: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    parts.push(each.message, JSON.stringify(each) ?? '');
  }
  return parts.join('\n');
}

/** What a payment may report as its fee that ended after its deadline. */
export function lateFeesMsat(world: NodeWorld): bigint[] {
  return world.lateFeeKnown ? [world.routeFeeMsat] : [0n, world.routeFeeMsat];
}
