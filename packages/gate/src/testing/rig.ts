import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger, type SqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import {
  type Challenge,
  decodeRequest,
  type Offer,
  type Problem,
  parseChallenges,
  parseReceipt,
  type Receipt,
  serializeCredential,
} from '@farebox/protocol';
import type {
  Admission,
  Answer,
  Delivery,
  Gate,
  GateEvent,
  GateOptions,
  GateRequest,
  Terms,
} from '../index.js';
import { createGate } from '../index.js';

export const secret = 'a secret of the tests, long enough to sign';
export const realm = 'https://api.example.com';
/** How long the ledger may take, however slow the machine of the tests is. */
const patienceMs = 60_000;
const offers: readonly Offer[] = [
  { method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } },
];
export const safe: Terms = { route: 'GET /v1/*', effect: 'safe', offers };
export const idempotent: Terms = { route: 'PUT /v1/*', effect: 'idempotent', offers };
export const once: Terms = { route: 'POST /v1/*', effect: 'once', offers };

export const price: GateRequest = { method: 'GET', path: '/v1/bitcoin/price', query: '', credentials: [] };
export const runes: GateRequest = { method: 'GET', path: '/v1/runes', query: '', credentials: [] };

/** A gate over a real ledger on disk, whose invoices come from a node that only writes paper. */
export interface Rig {
  readonly gate: Gate;
  readonly ledger: SqliteLedger;
  readonly node: PaperNode;
  readonly events: GateEvent[];
  /** Moves the gate's clock. */
  readonly clock: { nowMs: number };
  /** Another gate on the same ledger, with other options. */
  again(options?: Partial<GateOptions>): Gate;
  /** Closes the ledger and opens it again, with a gate that remembers nothing. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function openRig(options: Partial<GateOptions> = {}): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-gate-'));
  const open = () => openSqliteLedger({ path: join(folder, 'ledger.db'), patienceMs });
  const clock = { nowMs: Date.now() };
  const node = new PaperNode({ now: () => clock.nowMs });
  const events: GateEvent[] = [];
  const gateOn = (ledger: SqliteLedger, more: Partial<GateOptions> = {}) =>
    createGate({
      realm,
      secrets: [secret],
      methods: [lightningSeller({ node, network: 'regtest' })],
      ledger,
      claimTimeoutMs: patienceMs,
      now: () => clock.nowMs,
      onEvent: (event) => events.push(event),
      ...options,
      ...more,
    });
  let ledger = await open();
  let gate = gateOn(ledger);
  return {
    get gate() {
      return gate;
    },
    get ledger() {
      return ledger;
    },
    node,
    events,
    clock,
    again: (more) => gateOn(ledger, more),
    async restart() {
      await ledger.close();
      ledger = await open();
      gate = gateOn(ledger);
    },
    async close() {
      await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** All values of a field in a flat header list. */
export function fields(headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name.toLowerCase());
}

export function problemOf(answer: Answer): Problem {
  return JSON.parse(String(answer.body));
}

export function challengesOf(answer: Answer): Challenge[] {
  return parseChallenges(fields(answer.headers, 'WWW-Authenticate')).challenges;
}

/** The answer of a request that must be refused. */
export function refusedWith(admission: Admission): Answer {
  if (admission.kind !== 'refused') throw new Error('The request was admitted.');
  return admission.answer;
}

/** The delivery of a request that must be admitted. */
export function admittedTo(admission: Admission): Delivery {
  if (admission.kind !== 'admitted') throw new Error(`${admission.kind}: ${admission.answer.body}`);
  return admission.delivery;
}

/** A request that must be answered from a kept answer. */
export function replayedTo(admission: Admission): { readonly answer: Answer; readonly delivery: Delivery } {
  if (admission.kind !== 'replayed') throw new Error(`It was ${admission.kind}.`);
  return admission;
}

/** Asks without a credential and returns the one challenge of the 402. */
export async function challengeFor(rig: Rig, request: GateRequest, terms: Terms = safe): Promise<Challenge> {
  const answer = refusedWith(await rig.gate.admit(request, terms));
  const [challenge] = challengesOf(answer);
  if (answer.status !== 402 || challenge === undefined) throw new Error(`No challenge: ${answer.body}`);
  return challenge;
}

/** Pays a challenge's invoice and returns the preimage. */
export async function pay(rig: Rig, challenge: Challenge): Promise<string> {
  const details = decodeRequest(challenge.request)?.methodDetails;
  const invoice =
    typeof details === 'object' && details !== null && 'invoice' in details ? details.invoice : '';
  const payment = await rig.node.payInvoice({ invoice: String(invoice), maxFeeMsat: 0n, timeoutMs: 1_000 });
  if (payment.status !== 'succeeded') throw new Error(`Not paid: ${payment.status}`);
  return payment.preimage;
}

/** A credential as a client sends it, for a challenge paid just now. */
export async function paidCredential(rig: Rig, challenge: Challenge): Promise<string> {
  return serializeCredential({ challenge, payload: { preimage: await pay(rig, challenge) } });
}

/** The request again, with a credential. */
export function withCredential(request: GateRequest, ...credentials: string[]): GateRequest {
  return { ...request, credentials };
}

/** Pays for a request and returns it with its credential. */
export async function paidRequest(
  rig: Rig,
  request: GateRequest = price,
  terms: Terms = safe,
): Promise<GateRequest> {
  return withCredential(request, await paidCredential(rig, await challengeFor(rig, request, terms)));
}

/** Commits a delivery that must succeed and returns its receipt. */
export async function commit(delivery: Delivery): Promise<Receipt> {
  const outcome = await delivery.commit();
  if (!outcome.ok) throw new Error(`Not delivered: ${outcome.answer.body}`);
  const receipt = parseReceipt(fields(outcome.headers, 'Payment-Receipt')[0] ?? '');
  if (!receipt.ok) throw new Error(receipt.detail);
  return receipt.value;
}
