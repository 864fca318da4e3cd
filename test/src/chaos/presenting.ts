import { serializeCredential } from '@farebox/protocol';
import type { JournalEntry } from '@farebox/wallet';
import { until } from './processes.js';
import { bodyOf, routeOf, routes } from './world.js';

/** What presenting a credential has brought. */
export interface Shown {
  readonly status: number;
  readonly body: string;
  readonly receipt: string;
}

/**
 * Presents a credential, again for as long as it is told that another request is using it: what a killed wallet has
 * asked may live a little longer than the wallet; and for as long as the gateway of a busy machine cannot tell for now.
 * `keyed`: with the Idempotency-Key that the wallet sends.
 */
export function presentSettled(
  url: string,
  entry: JournalEntry,
  path: string,
  preimage: string,
  keyed: boolean,
): Promise<Shown> {
  return until(`no other request uses the credential for ${path}`, async () => {
    const shown = await present(url, entry, path, preimage, keyed);
    const inUse = shown.status === 409 && shown.body.includes('in-progress');
    return inUse || isUnavailable(shown.status, shown.body) ? undefined : shown;
  });
}

/**
 * What is told instead of an invitation to pay when nobody can be asked for now, e.g. because the seller's node is too busy to
 * make an invoice. What is told of a credential that could not be judged for now is something else: send it again.
 */
export function isNodeLate(status: number, answer: string): boolean {
  return isUnavailable(status, answer) && answer.includes('"retry":"safe"');
}

function isUnavailable(status: number, answer: string): boolean {
  return status === 500 && answer.includes('payment-service-unavailable');
}

async function present(
  url: string,
  entry: JournalEntry,
  path: string,
  preimage: string,
  keyed: boolean,
): Promise<Shown> {
  const { method } = routes[routeOf(path)];
  const headers = {
    Authorization: serializeCredential({ challenge: entry.challenge, payload: { preimage } }),
    'Content-Type': 'application/json',
    ...(keyed ? { 'Idempotency-Key': entry.id } : {}),
  };
  const body = method === 'GET' ? {} : { body: bodyOf(path.slice(path.lastIndexOf('/') + 1)) };
  const answer = await fetch(url + path, { method, headers, ...body });
  return {
    status: answer.status,
    body: await answer.text(),
    receipt: answer.headers.get('payment-receipt') ?? '',
  };
}
