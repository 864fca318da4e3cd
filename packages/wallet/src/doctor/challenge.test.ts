import { type Challenge, encodeRequest, serializeChallenge } from '@farebox/protocol';
import { describe, expect, it } from 'vitest';
import { examineChallenges } from './challenge.js';
import { examineClock } from './clock.js';
import type { MethodExaminer } from './finding.js';
import type { ProbeAnswer } from './probe.js';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const expires = '2026-11-21T12:05:00Z';
const request = encodeRequest({ amount: '1', currency: 'sat' });
const problem =
  '{"type":"https://paymentauth.org/problems/payment-required","title":"Payment Required","status":402}';
const good: Challenge = {
  id: 'x7Tg2pLqR9mKvNwY3hBcZa',
  realm: 'api.example.com',
  method: 'lightning',
  intent: 'charge',
  request,
  expires,
};
const examiners: readonly MethodExaminer[] = [{ method: 'lightning', intent: 'charge', examine: () => [] }];
const get = { url: 'https://api.example.com/', method: 'GET', headers: [] };

function answer(
  challenges: readonly (Challenge | string)[],
  headers: Record<string, string> = {},
  body = problem,
): ProbeAnswer {
  const field = challenges.map((one) => (typeof one === 'string' ? one : serializeChallenge(one))).join(', ');
  const all = {
    ...(field !== '' && { 'www-authenticate': field }),
    'cache-control': 'no-store',
    'content-type': 'application/problem+json',
    ...headers,
  };
  return { status: 402, headers: Object.entries(all), body, atMs: nowMs };
}

async function wrong(given: ProbeAnswer, asked: Parameters<typeof examineChallenges>[1] = get) {
  const { findings } = await examineChallenges(given, asked, examiners, nowMs);
  for (const { blame, level } of findings)
    if (level === 'fault' || level === 'warning') expect(blame).toBe('seller');
  return findings
    .filter(({ level }) => level === 'fault' || level === 'warning')
    .map(({ level, code }) => `${level} ${code}`);
}

describe('a 402 against draft-httpauth-payment-00', () => {
  it('that follows it has no faults', async () => {
    expect(await wrong(answer([good]))).toEqual([]);
  });

  it.each<[string, ProbeAnswer, string]>([
    ['no challenge', answer([]), 'fault missing'],
    ['another scheme only', answer(['Basic realm="x"']), 'fault missing'],
    [
      'no id',
      answer([`Payment realm="r", method="lightning", intent="charge", request="${request}"`]),
      'fault malformed',
    ],
    [
      'an empty id',
      answer([`Payment id="", realm="r", method="lightning", intent="charge", request="${request}"`]),
      'fault malformed',
    ],
    [
      'no realm',
      answer([`Payment id="a", method="lightning", intent="charge", request="${request}"`]),
      'fault malformed',
    ],
    [
      'a method in capitals',
      answer([`Payment id="a", realm="r", method="Lightning", intent="charge", request="${request}"`]),
      'fault malformed',
    ],
    [
      'a request that is none',
      answer(['Payment id="a", realm="r", method="lightning", intent="charge", request="!"']),
      'fault malformed',
    ],
    [
      'a request that is padded',
      answer([`Payment id="${good.id}", realm="r", method="lightning", intent="charge", request="e30="`]),
      'fault padding',
    ],
    [
      'members out of order',
      answer([{ ...good, request: Buffer.from('{"currency":"sat","amount":"1"}').toString('base64url') }]),
      'fault not_canonical',
    ],
    [
      'spaces in the JSON',
      answer([{ ...good, request: Buffer.from('{"amount": "1"}').toString('base64url') }]),
      'fault not_canonical',
    ],
    ['no expiry', answer([without(good, 'expires')]), 'warning expires'],
    ['an expiry that is past', answer([{ ...good, expires: '2026-11-21T11:59:59Z' }]), 'fault expired'],
    ['an expiry within seconds', answer([{ ...good, expires: '2026-11-21T12:00:05Z' }]), 'warning expires'],
    ['an id that can be guessed', answer([{ ...good, id: 'a1' }]), 'warning id_short'],
    [
      'an opaque that is no map of texts',
      answer([{ ...good, opaque: encodeRequest({ a: 1 }) }]),
      'fault opaque',
    ],
    ['one id twice', answer([good, { ...good, method: 'tempo' }]), 'fault id_repeated'],
    ['a cache that may store it', answer([good], { 'cache-control': 'private' }), 'fault no_store'],
    ['a receipt', answer([good], { 'payment-receipt': 'e30' }), 'fault receipt_on_402'],
    ['no problem document', answer([good], { 'content-type': 'application/json' }), 'warning problem'],
    [
      'a digest of another body',
      answer([{ ...good, digest: 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:' }]),
      'fault digest',
    ],
  ])('%s', async (_name, given, expected) => {
    expect(await wrong(given)).toContain(expected);
  });

  it('a body without digest: a warning', async () => {
    const post = { ...get, method: 'POST', body: new TextEncoder().encode('{}') };
    expect(await wrong(answer([good]), post)).toEqual(['warning digest']);
  });
});

describe('the clocks', () => {
  const at = (date: string | undefined) =>
    examineClock({ status: 402, headers: date === undefined ? [] : [['Date', date]], body: '', atMs: nowMs });

  it('that agree, within the tolerance', () => {
    expect(at('Sat, 21 Nov 2026 12:00:30 GMT')).toMatchObject({ level: 'ok' });
    expect(at('Sat, 21 Nov 2026 11:59:30 GMT')).toMatchObject({ level: 'ok' });
  });

  it('that do not', () => {
    expect(at('Sat, 21 Nov 2026 12:10:00 GMT')).toMatchObject({
      level: 'fault',
      code: 'clock_skew',
      text: expect.stringContaining('600 seconds behind'),
    });
    expect(at('Sat, 21 Nov 2026 11:50:00 GMT')).toMatchObject({
      text: expect.stringContaining('600 seconds ahead of'),
    });
  });

  it('that cannot be compared', () => {
    expect(at(undefined)).toMatchObject({ level: 'skipped' });
    expect(at('yesterday')).toMatchObject({ level: 'skipped' });
  });
});

function without<T extends object, K extends keyof T>(value: T, name: K): Omit<T, K> {
  const { [name]: _left, ...rest } = value;
  return rest;
}
