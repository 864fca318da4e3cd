import { isUtf8 } from 'node:buffer';
import { refuse } from '@farebox/protocol';
import { readFallback } from './fallback.js';
import { readFeatures } from './features.js';
import type { InvoiceFields } from './invoice.js';
import { expirySecondsMax, minFinalCltvExpiryMax } from './invoice.js';
import { readRouteHint } from './route-hint.js';
import { wordsToBytes, wordsToHex, wordsToNumber } from './words.js';

/** Types of the tagged fields (BOLT 11, "Tagged Fields"), by the letter of the specification. */
export const tags = { p: 1, r: 3, 9: 5, x: 6, f: 9, d: 13, s: 16, n: 19, h: 23, c: 24, m: 27 } as const;

/** Words of a 256-bit field. */
export const hashWords = 52;

/** Words of a compressed public key. */
export const pubkeyWords = 53;

/** Fields whose length is fixed, in words. */
export const fixedLengths: ReadonlyMap<number, number> = new Map([
  [tags.p, hashWords],
  [tags.s, hashWords],
  [tags.h, hashWords],
  [tags.n, pubkeyWords],
]);

/** What the tagged fields have said so far. */
export type FieldDraft = {
  -readonly [Name in keyof Omit<
    InvoiceFields,
    'fallbacks' | 'routeHints' | 'otherFields'
  >]?: InvoiceFields[Name];
} & {
  fallbacks: InvoiceFields['fallbacks'][number][];
  routeHints: InvoiceFields['routeHints'][number][];
  otherFields: InvoiceFields['otherFields'][number][];
};

/** Why a field, and with it the invoice, cannot be read. */
export type FieldFault = ReturnType<typeof refuse>;

function readNumber(
  words: Uint8Array,
  start: number,
  end: number,
  max: number,
  letter: string,
): number | FieldFault {
  if (end > start && end - start !== 1 && words[start] === 0) {
    return refuse('field_not_minimal', `Field ${letter} begins with zeros`);
  }
  // Seven words are 35 bits, more than any limit here needs; longer ones are too large without being computed.
  const number = end - start > 7 ? Number.POSITIVE_INFINITY : wordsToNumber(words, start, end);
  return number <= max ? number : refuse('number_too_large', `The number in field ${letter} is too large`);
}

function readDescription(
  draft: FieldDraft,
  words: Uint8Array,
  start: number,
  end: number,
): FieldFault | undefined {
  const bytes = wordsToBytes(words, start, end);
  if (!isUtf8(bytes)) return refuse('description_malformed', 'The description is not UTF-8');
  draft.description = bytes.toString('utf8');
  return undefined;
}

/** Keeps a field that is not used. */
function keep(draft: FieldDraft, tag: number, words: Uint8Array, start: number, end: number): undefined {
  draft.otherFields.push({ tag, words: words.slice(start, end) });
  return undefined;
}

type FieldReader = (
  draft: FieldDraft,
  words: Uint8Array,
  start: number,
  end: number,
) => FieldFault | undefined | false;

/** By field type; false means: not used, keep it raw. The first of several wins (BOLT 11: most preferred first). */
const readers: (FieldReader | undefined)[] = new Array<FieldReader | undefined>(32).fill(undefined);

readers[tags.p] = (draft, words, start, end) => {
  if (draft.paymentHash !== undefined || end - start !== hashWords) return false;
  draft.paymentHash = wordsToHex(words, start, end);
  return undefined;
};
readers[tags.s] = (draft, words, start, end) => {
  if (draft.paymentSecret !== undefined || end - start !== hashWords) return false;
  draft.paymentSecret = wordsToHex(words, start, end);
  return undefined;
};
readers[tags.h] = (draft, words, start, end) => {
  if (draft.descriptionHash !== undefined || end - start !== hashWords) return false;
  draft.descriptionHash = wordsToHex(words, start, end);
  return undefined;
};
readers[tags.n] = (draft, words, start, end) => {
  if (draft.payee !== undefined || end - start !== pubkeyWords) return false;
  draft.payee = wordsToHex(words, start, end);
  return undefined;
};
readers[tags.d] = (draft, words, start, end) =>
  draft.description === undefined ? readDescription(draft, words, start, end) : false;
readers[tags.m] = (draft, words, start, end) => {
  if (draft.metadata !== undefined) return false;
  draft.metadata = wordsToHex(words, start, end);
  return undefined;
};
readers[tags.x] = (draft, words, start, end) => {
  if (draft.expirySeconds !== undefined) return false;
  const seconds = readNumber(words, start, end, expirySecondsMax, 'x');
  if (typeof seconds !== 'number') return seconds;
  draft.expirySeconds = seconds;
  return undefined;
};
readers[tags.c] = (draft, words, start, end) => {
  if (draft.minFinalCltvExpiry !== undefined) return false;
  const blocks = readNumber(words, start, end, minFinalCltvExpiryMax, 'c');
  if (typeof blocks !== 'number') return blocks;
  draft.minFinalCltvExpiry = blocks;
  return undefined;
};
readers[tags[9]] = (draft, words, start, end) => {
  if (draft.features !== undefined) return false;
  if (end > start && words[start] === 0) return refuse('field_not_minimal', 'Field 9 begins with zeros');
  draft.features = readFeatures(words, start, end);
  return undefined;
};
readers[tags.f] = (draft, words, start, end) => {
  const fallback = readFallback(words, start, end);
  if (fallback === undefined) return false;
  draft.fallbacks.push(fallback);
  return undefined;
};
readers[tags.r] = (draft, words, start, end) => {
  const hint = readRouteHint(words, start, end);
  if (hint === undefined) return refuse('route_hint_malformed', 'A route hint is not made of whole hops');
  draft.routeHints.push(hint);
  return undefined;
};

/** Reads the tagged fields in `words[start..end)`. Returns the fault that makes the invoice unreadable, if any. */
export function readFields(
  draft: FieldDraft,
  words: Uint8Array,
  start: number,
  end: number,
): FieldFault | undefined {
  let at = start;
  while (at < end) {
    if (at + 3 > end) return refuse('field_truncated', 'The last field has no complete type and length');
    const tag = words[at] ?? 0;
    const dataStart = at + 3;
    const dataEnd = dataStart + (words[at + 1] ?? 0) * 32 + (words[at + 2] ?? 0);
    if (dataEnd > end) return refuse('field_truncated', 'A field is longer than the invoice');
    const found =
      readers[tag]?.(draft, words, dataStart, dataEnd) ?? (readers[tag] === undefined ? false : undefined);
    if (found === false) keep(draft, tag, words, dataStart, dataEnd);
    else if (found !== undefined) return found;
    at = dataEnd;
  }
  return undefined;
}
