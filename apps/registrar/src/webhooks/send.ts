import { createHmac } from 'node:crypto';
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isOutwardAddress, readWebhookTarget } from './target.js';

/** How long one delivery may take. */
export const sendTimeoutMs = 10_000;

/** The signature of a delivery: HMAC-SHA256 of the raw body in hex. */
export function webhookSignature(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

type LookupDone = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Finds only addresses that are reachable from the internet; the connection goes to what was looked at. */
function outwardLookup(host: string, options: LookupOptions, done: LookupDone): void {
  lookup(host, { ...options, all: true }, (error, found) => {
    const outward = found?.filter(({ address }) => isOutwardAddress(address)) ?? [];
    const [first] = outward;
    if (error !== null || first === undefined)
      done(error ?? new Error('The host is not on the internet.'), '');
    else if (options.all === true) done(null, outward);
    else done(null, first.address, first.family);
  });
}

/**
 * Tells one webhook, once. True when it has answered 2xx. Redirects are not followed. Never rejects.
 *
 * @param local the target may be on this machine
 */
export function sendWebhook(target: string, secret: string, body: string, local: boolean): Promise<boolean> {
  // An address is connected to without being looked up.
  if (!readWebhookTarget(target, local).ok) return Promise.resolve(false);
  const url = new URL(target);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          'User-Agent': 'farebox-registrar',
          'X-Headless-Signature': webhookSignature(secret, body),
        },
        signal: AbortSignal.timeout(sendTimeoutMs),
        ...(local ? {} : { lookup: outwardLookup }),
      },
      (response) => {
        const { statusCode = 0 } = response;
        resolve(statusCode >= 200 && statusCode < 300);
        // What it says beside the status is of no interest.
        response.destroy();
      },
    );
    outgoing.on('error', () => resolve(false));
    // One that switches protocols (101) gives neither a response nor an error: its connection is closed, and that is all.
    outgoing.on('close', () => resolve(false));
    outgoing.end(body);
  });
}
