/** Shared by this package's tests: how long to fuzz, and generators of valid and of nearly valid input. */
import fc from 'fast-check';
import type { Challenge } from '../challenge.js';
import type { Credential } from '../credential.js';
import type { JsonObject, JsonValue } from '../json.js';
import type { Receipt } from '../receipt.js';
import { encodeRequest } from '../request.js';

/** Runs of each property; `FUZZ_RUNS` in the environment raises it. */
export const fuzzRuns = { numRuns: Number(process.env.FUZZ_RUNS ?? '1000') };

/** Well-formed text, with more of what encodings stumble over than chance would give. */
export const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('"', '\\', ',', '=', '\u0000', '\ufeff', '\ufffd', '\u2028', '😀', 'é', '|'),
  }),
);

/** Any string, lone surrogates included. */
export const anyString = fc.oneof(
  text,
  fc.string({ unit: fc.nat(0xffff).map((c) => String.fromCharCode(c)) }),
);

// fast-check types its JSON as unknown or as a type of its own; each is built of JSON values only.
export const jsonValue = fc.jsonValue({ maxDepth: 6 }) as fc.Arbitrary<JsonValue>;
export const jsonObject = fc
  .dictionary(text, jsonValue, { maxKeys: 6 })
  .map((object) => ({ ...object })) as fc.Arbitrary<JsonObject>;

const lowerCase = fc.stringMatching(/^[a-z]{1,12}$/);
const intent = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/);
const id = fc.stringMatching(/^[\x21-\x7e]{1,60}$/);
const visible = fc.stringMatching(/^[\x20-\x7e]{0,60}$/);
const request = jsonObject.map(encodeRequest);
/** RFC 3339 date-times in the form of `Date.prototype.toISOString`. */
export const timestamp = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const digest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `sha-256=:${Buffer.from(bytes).toString('base64')}:`);

/** Challenges that may be on the wire. */
export const challenge: fc.Arbitrary<Challenge> = fc.record(
  {
    id,
    realm: visible,
    method: lowerCase,
    intent,
    request,
    expires: timestamp,
    digest,
    description: visible,
    opaque: request,
    header: fc.constantFrom('Authorization', 'Payment-Authorization'),
  },
  { requiredKeys: ['id', 'realm', 'method', 'intent', 'request'] },
);

export const credential: fc.Arbitrary<Credential> = fc.record(
  { challenge, source: text, payload: jsonObject },
  { requiredKeys: ['challenge', 'payload'] },
);

export const receipt: fc.Arbitrary<Receipt> = fc.record(
  {
    status: fc.constant('success' as const),
    method: lowerCase,
    timestamp,
    reference: fc.stringMatching(/^[0-9a-f]{1,64}$/),
    challengeId: id,
  },
  { requiredKeys: ['status', 'method', 'timestamp', 'reference'] },
);

/** Texts that were valid until one to four things happened to them: a cut, a swap, an insertion, a repeat. */
export function mutated(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('cut', 'insert', 'replace', 'repeat', 'truncate'),
    with: fc.oneof(
      fc.constantFrom('"', '\\', ',', '=', ' ', ', Payment ', '\r\n', '\u0000', '='.repeat(40)),
      anyString,
    ),
    length: fc.nat(12),
  });
  return fc.tuple(valid, fc.array(change, { minLength: 1, maxLength: 4 })).map(([start, changes]) => {
    let current = start;
    for (const { at, kind, with: inserted, length } of changes) {
      const from = current.length === 0 ? 0 : at % current.length;
      const [head, middle, tail] = [
        current.slice(0, from),
        current.slice(from, from + length),
        current.slice(from + length),
      ];
      if (kind === 'cut') current = head + tail;
      else if (kind === 'insert') current = head + inserted + middle + tail;
      else if (kind === 'replace') current = head + inserted + tail;
      else if (kind === 'repeat') current = head + middle + middle + middle + tail;
      else current = head;
    }
    return current;
  });
}
