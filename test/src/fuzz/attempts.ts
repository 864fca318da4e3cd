import type { Random } from '../chaos/random.js';
import { type Bases, hostileCredential, hostilePayment, tokenOf, visible } from './credentials.js';

/** One request that must be refused. */
export interface Attempt {
  /** What is wrong with it, for counting. */
  readonly kind: string;
  readonly method: string;
  readonly bytes: Buffer;
}

const methods = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;

/** A request that is well-formed HTTP/1.1 without a body, and does not deserve what is sold. */
export function hostileRequest(random: Random, bases: Bases): Attempt {
  switch (random.below(4)) {
    case 0:
      return strayTarget(random, bases);
    case 1:
      return severalFields(random, bases);
    default: {
      const method = random.pick(methods);
      const name = random.pick(['Authorization', 'Authorization', 'authorization', 'Payment-Authorization']);
      const fields = [`${name}: ${hostileCredential(random, bases)}`, ...noise(random)];
      return attempt('credential', method, '/paid/price', fields);
    }
  }
}

/** A genuine credential where it is not good: at other targets and for other methods. */
function strayTarget(random: Random, { fresh, other }: Bases): Attempt {
  const target = random.pick([
    '//paid/price',
    '/paid//price',
    '/paid/./price',
    '/paid/../paid/price',
    '/free/../paid/price',
    '/free/%2e%2e/paid/price',
    '/free/..%2fpaid/price',
    '/free//../paid/price',
    '/free/..;/paid/price',
    '/paid/%70rice',
    '/paid/price/',
    '/paid/price%20',
    '/paid/price%00',
    '/paid/price%2F',
    '/paid/price%5c..',
    '/paid/price;a=b',
    '/paid/price?a',
    '/paid/price?/../../free/x',
    '/paid/price?%',
    '/PAID/price',
    '/paid/prices',
    '/paid/%zz',
    '/paid/%',
    '/paid/*',
    '/paid/:any',
    '/paid/price#x',
    '/paid\\price',
    '/paid/pr\u00efce',
    '/paid',
    '/',
    '/healthz/../paid/price',
    'http://shop.test/paid/price',
    'http://127.0.0.1/paid/price',
    'paid/price',
    '*',
    '.',
    '/paid/other?x=1',
    `/paid/${'x'.repeat(random.below(9_000))}`,
    `/paid/${visible(random, 60).replaceAll(' ', '+')}`,
    `/paid/price?${visible(random, 60).replaceAll(' ', '+')}x`,
  ]);
  const credential = random.pick([fresh, fresh, other]).credential;
  // `#` and what follows never belongs to a target; a server that cut it off would see the genuine resource.
  return attempt('target', random.pick(['GET', 'GET', 'HEAD', 'POST']), target, [
    `Authorization: ${credential}`,
    ...noise(random),
  ]);
}

/** Several credentials in one request, genuine ones among them: two programs could choose differently. */
function severalFields(random: Random, bases: Bases): Attempt {
  const { fresh } = bases;
  const bad = () => hostilePayment(random, bases);
  const fields = random.pick<readonly string[]>([
    [`Authorization: ${fresh.credential}`, `Authorization: ${fresh.credential}`],
    [`Authorization: ${fresh.credential}`, `Payment-Authorization: ${fresh.credential}`],
    [`Authorization: ${bad()}`, `Payment-Authorization: ${fresh.credential}`],
    [`Payment-Authorization: ${fresh.credential}`, `Authorization: ${bad()}`],
    [`Payment-Authorization: ${bad()}`, `Payment-Authorization: ${bad()}`],
    [`Authorization: Bearer x`, `Authorization: ${bad()}`],
    [`X-Authorization: ${fresh.credential}`, `Proxy-Authorization: ${fresh.credential}`],
    [`X-Payment: ${tokenOf(fresh)}`, `Cookie: payment=${tokenOf(fresh)}`],
    [`Payment-Receipt: ${tokenOf(fresh)}`],
  ]);
  return attempt('fields', 'GET', '/paid/price', [...fields, ...noise(random)]);
}

/** Fields around the credential that may confuse somebody. */
function noise(random: Random): string[] {
  const fields: string[] = [];
  for (let count = random.below(4); count > 0; count--) {
    fields.push(
      random.pick([
        `Accept-Payment: ${visible(random, 80)}`,
        'Accept-Payment: lightning/charge;q=0, */*;q=9',
        `Accept: ${visible(random, 40)}`,
        `Range: bytes=${visible(random, 20)}`,
        'If-None-Match: *',
        `Idempotency-Key: ${visible(random, 300)}`,
        'Connection: keep-alive, authorization, payment-authorization',
        'Connection: close, host, content-length',
        'Upgrade: websocket',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
        'TE: trailers, chunked',
        'Expect: something',
        'X-Forwarded-For: 127.0.0.1',
        'X-Forwarded-Host: shop.test',
        'X-HTTP-Method-Override: GET',
        'X-Original-URL: /free/x',
        'X-Rewrite-URL: /free/x',
        'Farebox-Payment: delivered',
        `Cookie: ${visible(random, 200)}`,
        `X-API-Key: ${visible(random, 100)}`,
        `X-Long: ${'x'.repeat(random.below(14_000))}`,
        `X-Bytes: ${String.fromCharCode(0x80 + random.below(0x80)).repeat(20)}`,
        ...['Content-Length: 0', 'Content-Type: application/json', 'Host: second.test'],
        Array.from({ length: random.below(300) }, (_, i) => `X-Field-${i}: ${i}`).join('\r\n') || 'X-None: 0',
      ]),
    );
  }
  return fields;
}

function attempt(kind: string, method: string, target: string, fields: readonly string[]): Attempt {
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: 127.0.0.1', ...fields];
  return { kind, method, bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1') };
}
