import { isSecure } from '../request.js';

/**
 * Reads an origin as people write it: `https://api.example.com`, `api.example.com`, `http://127.0.0.1:8402/v1/x`.
 * Undefined for what is none, and for plain http to another machine.
 */
export function readOrigin(text: string): string | undefined {
  const trimmed = text.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (trimmed === '' || trimmed.length > 2_048 || !URL.canParse(whole)) return undefined;
  const { protocol, origin, username, password, href } = new URL(whole);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  if (username !== '' || password !== '') return undefined;
  return isSecure(href) ? origin : undefined;
}
