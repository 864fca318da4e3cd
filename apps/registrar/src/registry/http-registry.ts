import type { Registry } from './registry.js';

/** How long an external registrar is waited for. */
export const registryTimeoutMsDefault = 20_000;
/** Longest answer that is read. */
const answerBytesMax = 65_536;

/** Where an external registrar is. */
export interface HttpRegistryOptions {
  /** Its orders are POSTed here. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`; never logged. */
  readonly token?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * An example of a registrar behind this one, over HTTP: `POST {kind, domain, years, owner}` with the order's key as
 * `Idempotency-Key`. 2xx: done. 422: refused for good. Whatever else, and no answer in time, is unknown: it is asked again with
 * the same key, by the buyer who comes back or by `farebox registrar reconcile`. So is 409, which says that the request before
 * with this key is still at work (draft-ietf-httpapi-idempotency-key-header §2.7): it may yet be done.
 */
export function httpRegistry({
  url,
  token,
  timeoutMs = registryTimeoutMsDefault,
}: HttpRegistryOptions): Registry {
  return {
    name: 'http',
    async carryOut({ key, kind, fqdn, years, owner }) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            'Idempotency-Key': key,
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify({ kind, domain: fqdn, years, owner }),
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
        });
        await drain(response);
        if (response.ok) return 'done';
        return response.status === 422 ? 'refused' : 'unknown';
      } catch {
        return 'unknown';
      }
    },
  };
}

/** The status says it all; the body is read so that the connection can be used again, and no further than the bound. */
async function drain(response: Response): Promise<void> {
  if (response.body === null) return;
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) return;
  }
}
