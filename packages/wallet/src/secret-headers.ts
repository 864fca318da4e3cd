import type { Header } from './request.js';

const secretNames = new Set(['authorization', 'proxy-authorization', 'payment-authorization', 'cookie']);
const secretWords =
  /(^|[-_])(api-?key|apikey|key|token|secret|password|passwd|session|auth|signature|credential)s?([-_]|$)/;

/**
 * True for header fields whose value must not be written to disk. Errs on the side of secrecy: a value that was
 * not stored can be given again, one that was stored cannot be taken back. `Idempotency-Key` is no secret.
 */
export function isSecretHeader(name: string): boolean {
  const lower = name.toLowerCase();
  if (lower === 'idempotency-key') return false;
  return secretNames.has(lower) || secretWords.test(lower);
}

/** Splits header fields into those that are stored and the names of those that are not. */
export function withholdSecrets(headers: readonly Header[]): { kept: Header[]; withheld: string[] } {
  const kept: Header[] = [];
  const withheld = new Set<string>();
  for (const header of headers) {
    if (isSecretHeader(header[0])) withheld.add(header[0].toLowerCase());
    else kept.push(header);
  }
  return { kept, withheld: [...withheld] };
}
