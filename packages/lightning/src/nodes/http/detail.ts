/** Longest text of a node that is repeated in an error, characters. */
export const detailCharsMax = 200;

/** Long runs of hex, base64 or bech32: a preimage, a macaroon, an invoice, a key. */
const secretShape = /[A-Za-z0-9+/_=-]{32,}/g;

/**
 * A node's own words for people: one line, short, and without anything that could be a secret, whatever the node
 * chose to repeat.
 */
export function cleanDetail(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '…');
  clean = clean
    .replace(secretShape, '…')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return clean.length > detailCharsMax ? `${clean.slice(0, detailCharsMax)}…` : clean;
}
