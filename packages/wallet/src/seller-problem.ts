import type { Problem, Retry } from '@farebox/protocol';

/** Longest text that is taken over from a seller's problem document. */
const problemTextCharsMax = 500;
const retries: readonly string[] = ['safe', 'same-credential', 'resume', 'never'] satisfies Retry[];

/**
 * Reads a problem document (RFC 9457) from a refusal. What a seller writes is data: only the known members are
 * kept, shortened, without control characters.
 */
export function readProblem(text: string | undefined, status: number): Problem | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const member = (name: string): string | undefined => {
    const found: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
    return typeof found === 'string' ? plainText(found) : undefined;
  };
  const [type, title, detail, challengeId, retry] = ['type', 'title', 'detail', 'challengeId', 'retry'].map(
    member,
  );
  if (type === undefined && title === undefined && detail === undefined) return undefined;
  return {
    type: type ?? 'about:blank',
    title: title ?? '',
    status,
    ...(detail !== undefined && { detail }),
    ...(challengeId !== undefined && { challengeId }),
    // Checked against the list just above.
    ...(retry !== undefined && retries.includes(retry) && { retry: retry as Retry }),
  };
}

/** Text from outside, fit to be shown: bounded, on one line, without escape sequences or direction marks. */
export function plainText(text: string): string {
  const line = text.slice(0, problemTextCharsMax * 2).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > problemTextCharsMax ? `${line.slice(0, problemTextCharsMax)}…` : line;
}
