import { attemptsMaxDefault, type GateEvent } from '@farebox/gate';
import type { ClaimState } from '@farebox/ledger';
import { decodeBase64urlText, parseReceipt } from '@farebox/protocol';
import { madeUp } from './credentials.js';
import { expectThat, type Facts, type Presentation } from './facts.js';
import { isOnce, type RouteName, secret } from './shop.js';
import type { Row } from './store.js';
import type { UpstreamRequest } from './upstream.js';

/** The first byte of an answer leaves. */
export function checkAnswer(facts: Facts, use: Presentation, body: string): void {
  const { status, headers } = use.connection;
  checkSecrets(facts, `the ${status} answer`, [...headers, body], use.token);
  const receipt = headers[headers.indexOf('Payment-Receipt') + 1];
  const hasReceipt = headers.includes('Payment-Receipt') && receipt !== undefined;
  if (headers.includes('Farebox-Payment')) {
    const row = facts.store.ofChallenge(use.purchase.challenge?.id ?? '');
    expectThat(facts, (row?.attempts ?? 0) > 0, 3, 'the buyer is told of a credit that is not on disk');
  }
  if (status < 200 || status > 299) {
    expectThat(facts, !hasReceipt, 2, `a receipt on a ${status}`);
    if (use.genuine) checkRefusal(facts, use, status, body);
    // After a trouble, what an earlier use is owed may be written down first.
    if (!use.admitted && use.alone && use.process.troubles === 0 && !use.process.late) {
      expectThat(facts, use.grants === 0, 4, `refused with ${status}, and written down all the same`);
    }
    return;
  }
  expectThat(facts, facts.node.payments.has(use.purchase.reference), 5, 'served, and nobody has paid');
  expectThat(facts, use.genuine, 8, `served for "${use.way}"`);
  checkReceipt(facts, use, hasReceipt ? receipt : '');
  countAnswer(facts, use);
}

function checkReceipt(facts: Facts, use: Presentation, text: string): void {
  const id = use.purchase.challenge?.id ?? '';
  const receipt = parseReceipt(text);
  const fits =
    receipt.ok && receipt.value.challengeId === id && receipt.value.reference === use.purchase.reference;
  expectThat(facts, fits, 2, 'a 2xx without its receipt');
  const row = facts.store.ofChallenge(id);
  expectThat(
    facts,
    isDurable(facts, row),
    2,
    `the first byte left while the claim was ${row?.state ?? 'absent'}`,
  );
  const granted = use.process.granted.get(id) ?? 0;
  expectThat(facts, granted > 0, 5, 'the first byte left without a yes of the ledger');
  use.process.granted.set(id, Math.max(0, granted - 1));
}

/**
 * Invariant 1: one answer, and a bounded number of further tries while none has left completely. Whoever knows the key of
 * an answer that is kept may read it as often as they like.
 */
function countAnswer(facts: Facts, use: Presentation): void {
  const { route, reference, idempotencyKey } = use.purchase;
  const id = use.purchase.challenge?.id ?? '';
  const row = facts.store.ofChallenge(id);
  const begun = (facts.answersBegun.get(id) ?? 0) + 1;
  facts.answersBegun.set(id, begun);
  const reads = idempotencyKey !== undefined && row?.answer !== undefined;
  const lost = isOnce(route) && row?.answer === undefined;
  // What an upstream broke off counts as an attempt.
  const most = lost ? 1 : 1 + facts.redeliveriesMax + (row?.attempts ?? 0);
  const right = reads || begun <= most;
  expectThat(facts, right, 1, `answer ${begun} for one payment, at most ${most} are right`);
  const used = use.process.completed.has(id) || row?.state === 'answered';
  expectThat(facts, !used || reads, 1, 'answered again after an answer had left completely');
  const leaving = facts.presentations.some(
    (other) => other !== use && other.open && other.purchase === use.purchase && isServing(other),
  );
  expectThat(facts, !leaving || reads, 1, 'two answers for one payment leave at the same time');
  const owner = facts.store.ofReference(reference)?.request.challengeId;
  expectThat(facts, owner === undefined || owner === id, 1, 'the payment belongs to another challenge');
}

function isServing({ connection }: Presentation): boolean {
  return connection.begun && connection.status < 300;
}

/** A buyer who has paid and asks rightly is refused only for a reason that the disk bears out. */
function checkRefusal(facts: Facts, use: Presentation, status: number, body: string): void {
  const { challenge, reference, route } = use.purchase;
  const id = challenge?.id ?? '';
  const row = facts.store.ofChallenge(id);
  const why = `paid, asked rightly, and answered ${status}; the claim is ${row?.state ?? 'absent'}`;
  const late = Date.parse(challenge?.expires ?? '') <= facts.clock.nowMs;
  // A gateway cannot know that another is working for a challenge that has expired meanwhile and is not on record yet.
  const lapsed = late && (row === undefined || !use.alone);
  const holder = facts.store.ofReference(reference);
  const elsewhere = holder !== undefined && holder.request.challengeId !== id;
  if (status === 402) {
    const spent = use.process.completed.has(id) || (row !== undefined && isSpent(row, facts.redeliveriesMax));
    expectThat(facts, spent || elsewhere || lapsed, 3, why);
  } else if (status === 409) {
    // A claim that came late is given back late: until then its outcome looks unknown.
    const unknown = row?.state === 'claimed' || row?.state === 'unknown' || use.process.late;
    const held = route === 'once' && body.includes('outcome-unknown') && (unknown || use.movedByHand);
    const lost = isOnce(route) && body.includes('answer-lost') && row?.answer === undefined;
    const tired = body.includes('attempts-exhausted') && (row?.attempts ?? 0) >= attemptsMaxDefault;
    expectThat(facts, held || lost || tired || body.includes('in-progress'), 3, why);
  } else if ((status === 500 || status === 503) && !use.admitted) {
    // The node is asked only to make the fresh challenge of a refusal that is right.
    const excused = troubled(use) || !facts.node.up;
    expectThat(facts, excused, 3, `${why}; node and ledger were well`);
  } else expectThat(facts, use.admitted, 3, why);
}

/** The ledger failed meanwhile, or may be answering for an earlier request. */
function troubled({ process, troublesBefore }: Presentation): boolean {
  return process.late || process.troubles > troublesBefore;
}

/** True for the states in which an answer has been, or is being, given for the payment. */
export function isDelivered(state: ClaimState): boolean {
  return state === 'delivered' || state === 'cut' || state === 'answered';
}

/** True for a delivery that is on disk. A kept answer may be read while its buyer is being paid back. */
function isDurable(facts: Facts, row: Row | undefined): boolean {
  if (row === undefined) return false;
  const refunded = row.state === 'refunded' && facts.promised.get(row.request.challengeId) === 'delivered';
  return refunded || isDelivered(row.state);
}

/** True when the claim owes nothing any more. */
export function isSpent({ state, redeliveries }: Row, max: number): boolean {
  if (state === 'answered' || state === 'expired' || state === 'refunded') return true;
  return (state === 'delivered' || state === 'cut') && redeliveries >= max;
}

/** A request goes to the upstream: only for a payment, only for a genuine credential, and without either. */
export function checkUpstream(
  facts: Facts,
  use: Presentation,
  { headers, challengeId }: UpstreamRequest,
): void {
  facts.upstreamAsked.add(challengeId);
  checkSecrets(facts, 'the upstream', headers, use.token);
  expectThat(facts, facts.node.payments.has(use.purchase.reference), 5, 'the upstream works for nothing');
  expectThat(facts, use.genuine, 8, `the upstream was asked for "${use.way}"`);
  const row = facts.store.ofChallenge(challengeId);
  const { route, idempotencyKey } = use.purchase;
  const used = row?.state === 'answered' && route !== 'safe';
  // Two gateways that are asked at once may both ask an idempotent upstream, with one key.
  const excused = !isOnce(route) && !use.alone;
  const repeats = used && !excused;
  expectThat(facts, !repeats, 1, 'the side effect was repeated for a used credential');
  const isKept = row?.answer !== undefined && (idempotencyKey !== undefined || route !== 'safe');
  // Two that ask at once, at two gateways, may both have found nothing yet.
  const asked = use.alone && isKept && row !== undefined && isDelivered(row.state);
  expectThat(facts, !asked, 1, 'the upstream was asked for an answer that is kept');
}

/** The upstream has acted, or has known the key of an earlier request again. */
export function checkExecuted(facts: Facts, challengeId: string, route: RouteName): void {
  const count = (facts.executions.get(challengeId) ?? 0) + 1;
  facts.executions.set(challengeId, count);
  expectThat(facts, route !== 'once' || count === 1, 1, `a once route was executed ${count} times`);
}

/** What the gate says to logs and counters. */
export function checkEvent(facts: Facts, event: GateEvent): void {
  const error = 'error' in event && event.error instanceof Error ? event.error : undefined;
  const text = JSON.stringify(event, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  checkSecrets(facts, `the event ${event.kind}`, [text, error?.message ?? '', error?.stack ?? ''], undefined);
  if (event.kind === 'ledger-unavailable') {
    expectThat(
      facts,
      error?.name !== 'LedgerMisuse',
      'house',
      `the gate misused its ledger: ${error?.message}`,
    );
  }
  if (event.kind === 'unknown') facts.doubtful.add(event.challengeId);
  if (event.kind !== 'delivered' && event.kind !== 'released') return;
  const row = facts.store.ofChallenge(event.challengeId);
  if (event.kind === 'released') {
    expectThat(facts, (row?.attempts ?? 0) > 0, 3, 'said to be released, and no credit is on disk');
  } else {
    expectThat(
      facts,
      isDurable(facts, row),
      2,
      `said to be delivered, and the claim is ${row?.state ?? 'absent'}`,
    );
  }
}

/** Invariant 7. Receipts and challenges are read inside their encoding too. */
function checkSecrets(
  facts: Facts,
  where: string,
  texts: readonly string[],
  token: string | undefined,
): void {
  const inner = texts.flatMap((text) => text.match(/[A-Za-z0-9_-]{40,}/g) ?? []);
  const decoded = inner.map((text) => decodeBase64urlText(text, 16_384) ?? '');
  const all = [...texts, ...decoded].join('\n');
  const leak = (what: string) => expectThat(facts, false, 7, `${where} holds ${what}`);
  if (token !== undefined && token !== '' && all.includes(token)) leak('the credential');
  if (all.includes(secret)) leak('the secret of the gate');
  if (all.includes(madeUp)) leak('a proof that was refused');
  for (const preimage of facts.node.preimages) if (all.includes(preimage)) leak('a preimage');
}
