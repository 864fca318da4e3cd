import type { Bought } from '../chaos/by-hand.js';
import type { Random } from '../chaos/random.js';

/** Credentials of the gateway under fuzz that are real, for others to be made from. */
export interface Bases {
  /** Paid, never presented: good for `GET /paid/price`, and to the end of the run. */
  readonly fresh: Bought;
  /** Paid and used up at `GET /paid/price`. */
  readonly used: Bought;
  /** Paid, never presented: good for `GET /paid/other`. */
  readonly other: Bought;
}

/** The members of an echo that the HMAC covers. */
const covered = ['id', 'realm', 'method', 'intent', 'request', 'expires', 'opaque', 'digest'] as const;
/** Those of them that every genuine credential must echo as they were. */
const echoed = ['id', 'realm', 'method', 'intent', 'request', 'expires'] as const;

/** A field value of `Authorization` that must not open `GET /paid/price`; characters up to U+00FF. */
export function hostileCredential(random: Random, bases: Bases): string {
  for (;;) {
    const value = random.pick(makers)(random, bases);
    if (!meansTheSame(value, bases.fresh)) return value;
  }
}

/** The same, of the scheme `Payment` in any case. */
export function hostilePayment(random: Random, bases: Bases): string {
  for (;;) {
    const value = hostileCredential(random, bases);
    if (/^payment(?![^ \t])/i.test(value)) return value;
  }
}

/**
 * True when a value still says what the fresh credential says, for instance after a change in the last, unused bits
 * of its base64url: it is then genuine and no test of refusals. Decided without the parser under test.
 */
function meansTheSame(value: string, { challenge, preimage }: Bought): boolean {
  const token = /^[ \t]*payment[ \t]+(\S+)[ \t]*$/i.exec(value)?.[1];
  if (token === undefined) return false;
  try {
    const told: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    const { challenge: echo, payload } = Object(told);
    return echoed.every((name) => echo[name] === challenge[name]) && payload.preimage === preimage;
  } catch {
    return false;
  }
}

type Maker = (random: Random, bases: Bases) => string;

const makers: readonly [Maker, ...Maker[]] = [
  (random) => visible(random, 200),
  (random) => `Payment ${visible(random, 200)}`,
  (random) => `Payment ${base64url(bytes(random, random.below(400)))}`,
  (random) =>
    `Payment ${bytes(random, random.below(200))
      .toString('latin1')
      .replace(/[\0\r\n]/g, '~')}`,
  bytesChanged,
  bytesChanged,
  bytesChanged,
  memberChanged,
  memberChanged,
  memberChanged,
  proofChanged,
  proofChanged,
  (random) => encode(oddShape(random)),
  (random) => `Payment ${base64url(oddJson(random))}`,
  oddScheme,
  oversized,
  (_random, { used }) => used.credential,
  (_random, { other }) => other.credential,
  mixed,
];

/** The token of a credential. */
export function tokenOf({ credential }: Bought): string {
  return credential.slice('Payment '.length);
}

function bytesChanged(random: Random, { fresh }: Bases): string {
  let token = tokenOf(fresh);
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(token.length);
    const [before, after] = [token.slice(0, at), token.slice(at)];
    const some = () => token.slice(random.below(token.length)).slice(0, random.below(40));
    const changes: readonly [() => string, ...(() => string)[]] = [
      () =>
        before +
        random.pick(['A', 'z', '-', '_', '=', '+', '/', '!', '.', ' ', '\t', '\u00ff']) +
        after.slice(1),
      () => before + after.slice(1 + random.below(8)),
      () => before + some() + after,
      () => before,
      () => after + before,
      () => `${token}${random.pick(['=', '==', 'A', 'AA', ' ', ','])}`,
      () => token.toLowerCase(),
    ];
    token = random.pick(changes)();
    if (token === '') return 'Payment';
  }
  return `Payment ${token}`;
}

function memberChanged(random: Random, { fresh, other, used }: Bases): string {
  const { challenge, preimage } = fresh;
  const name = random.pick(covered);
  const value = random.pick<unknown>([
    other.challenge[name],
    used.challenge[name],
    visible(random, 50),
    `${challenge[name] ?? ''} `,
    (challenge[name] ?? 'x').toUpperCase(),
    '',
    null,
    0,
    true,
    [challenge[name]],
    { toString: challenge[name] },
    undefined,
  ]);
  const echo = { ...challenge, [name]: value };
  // Without `opaque` or `digest` an echo is genuine all the same: then another member is what is wrong.
  if (value === challenge[name] || (value === undefined && (name === 'opaque' || name === 'digest')))
    Object.assign(echo, { id: other.challenge.id });
  return encode({ challenge: echo, payload: { preimage } });
}

function proofChanged(random: Random, { fresh, other }: Bases): string {
  const { challenge, preimage } = fresh;
  const at = random.below(preimage.length);
  const flipped = preimage[at] === '0' ? '1' : '0';
  const payload = random.pick<unknown>([
    { preimage: preimage.slice(0, at) + flipped + preimage.slice(at + 1) },
    { preimage: preimage.toUpperCase().padStart(65, '0') },
    { preimage: preimage.slice(1) },
    { preimage: `${preimage}00` },
    { preimage: other.preimage },
    { preimage: '' },
    { preimage: null },
    { preimage: [preimage] },
    { preimage: Number.MAX_SAFE_INTEGER },
    { Preimage: preimage },
    {},
    [],
    preimage,
    null,
    undefined,
  ]);
  return encode({ challenge, payload });
}

function oddShape(random: Random): unknown {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  return random.pick<unknown>([
    null,
    [],
    {},
    1,
    'text',
    deep(1 + random.below(200)),
    { challenge: {}, payload: {} },
    { challenge: [], payload: [] },
    { challenge: deep(20), payload: deep(20) },
    {
      challenge: { id: 'x', realm: 'x', method: 'lightning', intent: 'charge', request: 'e30' },
      payload: {},
    },
    {
      challenge: { id: 'x'.repeat(5_000), realm: '', method: '', intent: '', request: '' },
      payload: { preimage: 'x' },
    },
    Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`member${i}`, i])),
  ]);
}

function oddJson(random: Random): Buffer {
  const text = random.pick([
    '{"challenge":{"id":"a","id":"b"},"payload":{}}',
    '{"__proto__":{"challenge":{}},"constructor":{"prototype":{}}}',
    '{"challenge":{"__proto__":{"id":"a"}},"payload":{"preimage":"b"}}',
    '{"challenge":1e999,"payload":-0}',
    '\ufeff{"challenge":{},"payload":{}}',
    '{"challenge":{"id":"\\ud800"},"payload":{}}',
    '{"challenge":',
    '[[[[[[[[',
    '{}{}',
    '\u0000',
    '',
  ]);
  // Overlong UTF-8 and lone continuation bytes among them.
  return random.below(4) === 0 ? Buffer.concat([Buffer.from(text), bytes(random, 8)]) : Buffer.from(text);
}

function oddScheme(random: Random, { fresh }: Bases): string {
  const token = tokenOf(fresh);
  return random.pick([
    'Payment',
    'Payment ',
    `Payment${token}`,
    `Payment=${token}`,
    `Payment:${token}`,
    `Payment "${token}"`,
    `Payment token="${token}"`,
    `Payment ${token} ${token}`,
    `Payment ${token}, Payment ${token}`,
    `Payment ${token},`,
    `Bearer ${token}`,
    `Basic ${token}`,
    `L402 ${token}`,
    `Bearer x, Payment ${token}`,
    `Payments ${token}`,
    `X-Payment ${token}`,
    `Payment Payment ${token}`,
    `P\u00e4yment ${token}`,
    `${token}`,
    ', , ,',
    '"',
  ]);
}

/** Around the bounds: 16 KiB of credential, 16 KiB of header section. */
function oversized(random: Random, { fresh }: Bases): string {
  const length = random.pick([4_000, 12_000, 15_900, 16_380, 16_384, 16_400, 20_000, 70_000]);
  const filler = random.pick(['A', '=', ' ', tokenOf(fresh)]);
  return `Payment ${filler.repeat(Math.ceil(length / filler.length)).slice(0, length)}!`;
}

/** Half of one genuine credential with half of another. */
function mixed(random: Random, { fresh, used, other }: Bases): string {
  const [a, b] = [fresh, random.pick([used, other])];
  const challenge: Record<string, unknown> = {};
  for (const name of [...covered]) challenge[name] = (random.below(2) === 0 ? a : b).challenge[name];
  return encode({ challenge, payload: { preimage: random.pick([a, b]).preimage } });
}

function encode(value: unknown): string {
  return `Payment ${base64url(Buffer.from(JSON.stringify(value) ?? ''))}`;
}

function base64url(data: Buffer): string {
  return data.toString('base64url');
}

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** Printable ASCII. */
export function visible(random: Random, lengthMax: number): string {
  return String.fromCharCode(...Array.from({ length: random.below(lengthMax) }, () => 32 + random.below(95)));
}
