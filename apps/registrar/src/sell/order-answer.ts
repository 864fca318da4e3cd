import type { Answer } from '@farebox/gate';
import type { Settlement } from '@farebox/protocol';
import { registrarProblem } from '../api/problems.js';
import { derivedClaimCode, derivedKey, secretHash } from '../identity/secrets.js';
import { domainStateAt, graceMs } from '../life/domain-life.js';
import { decimalUsd } from '../names/price.js';
import { findKey } from '../store/agents.js';
import { findPurchase, type NewPurchase } from '../store/purchases.js';
import type { Desk } from './desk.js';
import { type Finished, readResult } from './finish.js';

/** An answer as the ledger keeps it: never with a key in it. */
export interface OrderAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** What an order that was carried out, or could not be, is answered with. */
export function orderAnswer(
  desk: Desk,
  order: NewPurchase,
  finished: Finished,
  settlement: Settlement | undefined,
): OrderAnswer {
  const { result, repeated } = finished;
  if (finished.kind === 'failed') {
    const content = registrarProblem(
      'kept-as-balance',
      'The order could not be carried out any more when the payment arrived, so what was paid is on your balance; spend it with payment_method gems.',
      {
        domain: order.fqdn,
        order_id: order.session,
        agent_id: result.owner,
        reason: result.failure,
        balance_added: { amount: decimalUsd(order.usdMicros), currency: 'USD' },
        retry: 'never',
      },
    );
    return json(content.status, content, 'application/problem+json');
  }
  return json(order.method === 'gems' ? 201 : 200, successBody(desk, order, finished, settlement, repeated));
}

function successBody(
  desk: Desk,
  order: NewPurchase,
  { result }: Finished,
  settlement: Settlement | undefined,
  repeated: boolean,
): Readonly<Record<string, unknown>> {
  const expiresMs = result.expiresMs ?? 0;
  return {
    ...{ success: true, result: 'success', status: 'success', order_status: 'completed' },
    ...{ domain: order.fqdn, domain_id: order.fqdn, order_id: order.session, years: order.years },
    domain_status: domainStateAt(expiresMs, desk.now()),
    expiry_date: isoTime(expiresMs),
    grace_ends_at: isoTime(expiresMs + graceMs),
    payment_method: order.method === 'gems' || order.method === 'coupon' ? order.method : 'mpp',
    payment_rail: order.method,
    ...(settlement === undefined ? {} : { payment_reference: settlement.reference }),
    owner_id: result.domainOwner ?? result.owner,
    agent_id: result.owner,
    // Bought for oneself, without a reseller: `orders.ts` refuses anything else.
    target_owner_id: result.domainOwner ?? result.owner,
    reseller_channel: null,
    manifests: {
      agent_json: `${desk.realm}/manifests/${order.fqdn}.json`,
      skill_md: `${desk.realm}/skills/${order.fqdn}.md`,
    },
    idempotent_replay: repeated,
  };
}

/** RFC 3339 in whole seconds. */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function json(status: number, content: unknown, type = 'application/json'): OrderAnswer {
  return { status, headers: ['Content-Type', type], body: Buffer.from(JSON.stringify(content)) };
}

/**
 * Adds the key of an identity that was made from this payment, and its claim code until somebody has claimed it. The answer
 * goes to whoever has shown the credential of the challenge, and nothing that is stored holds either.
 */
export async function withKey(desk: Desk, answer: Answer, challengeId: string): Promise<Answer> {
  const order = await desk.db.read((sql) => findPurchase(sql, challengeId)).catch(() => undefined);
  if (order === undefined || readResult(order)?.madeAgent !== true) return answer;
  for (const secret of desk.secrets) {
    const key = derivedKey(desk.keyPrefix, secret, challengeId);
    const agent = await desk.db.read((sql) => findKey(sql, secretHash(key))).catch(() => undefined);
    if (agent === undefined) continue;
    const content: Record<string, unknown> = JSON.parse(String(answer.body));
    const claim = agent.human === undefined ? { claim_code: derivedClaimCode(secret, challengeId) } : {};
    const body = Buffer.from(JSON.stringify({ ...content, api_key: key, ...claim }));
    const headers = [...answer.headers];
    const at = headers.indexOf('Content-Length');
    if (at >= 0) headers[at + 1] = String(body.length);
    return { status: answer.status, headers, body };
  }
  return answer;
}
