/** Something that must not be found anywhere. */
export interface Secret {
  /** For the failure's text; never the secret itself. */
  readonly name: string;
  readonly value: string;
}

/** So long a piece of a secret is as bad as the whole, characters. */
const pieceChars = 20;

/**
 * The names of the secrets of which a text holds a piece, as they are or encoded: base64, base64url, hexadecimal,
 * percent-encoded, escaped as in JSON.
 */
export function foundIn(text: string, secrets: readonly Secret[]): string[] {
  return secrets
    .filter(({ value }) => formsOf(value).some((form) => holdsPiece(text, form)))
    .map(({ name }) => name);
}

function formsOf(value: string): string[] {
  const forms = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
  const contents = [Buffer.from(value)];
  // A hexadecimal secret is bytes that somebody may have encoded otherwise.
  if (/^(?:[0-9a-f]{2}){16,}$/.test(value)) contents.push(Buffer.from(value, 'hex'));
  // So is the text within a token.
  if (/^[A-Za-z0-9_-]{40,}$/.test(value)) contents.push(Buffer.from(value, 'base64url'));
  for (const content of contents)
    forms.push(
      content.toString('base64').replace(/=+$/, ''),
      content.toString('base64url'),
      content.toString('hex'),
    );
  return [...new Set(forms)];
}

function holdsPiece(text: string, form: string): boolean {
  if (form.length <= pieceChars) return text.includes(form);
  for (let at = 0; at + pieceChars <= form.length; at++)
    if (text.includes(form.slice(at, at + pieceChars))) return true;
  return false;
}
