import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.js';
import { isLoopback, parseListen } from './listen.js';
import { parseMatch } from './match.js';
import { baseUnits, parsePrice } from './price.js';
import { suggest } from './suggest.js';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['90d', 7_776_000_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));
  it.each(['', '5', 'm', '5 m', '0s', '-1s', '1.5s', '5w', '5m '])('not %j', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('parsePrice', () => {
  it('reads an amount of a token', () => {
    expect(parsePrice('0.01 pathUSD')).toEqual({ kind: 'token', token: 'pathUSD', decimal: '0.01' });
    expect(parsePrice('0 pathUSD')).toEqual({ kind: 'token', token: 'pathUSD', decimal: '0' });
  });
  it.each([
    ['0.01', 6, 10_000n],
    ['12', 6, 12_000_000n],
    ['0.000001', 6, 1n],
    ['3', 0, 3n],
    ['0', 6, 0n],
    ['0.0000001', 6, undefined],
  ] as const)('%s with %d decimals is %s base units', (decimal, decimals, units) => {
    expect(baseUnits(decimal, decimals)).toBe(units);
  });

  it('reads free, and satoshis with and without a space', () => {
    expect(parsePrice('free')).toEqual({ kind: 'free' });
    const oneSat = { kind: 'sat', amount: { amount: 1n, currency: 'sat' } };
    expect(parsePrice('1 sat')).toEqual(oneSat);
    expect(parsePrice('1sat')).toEqual(oneSat);
    expect(parsePrice('100000000 sat')).toBeDefined();
    expect(parsePrice('1000 msat')).toEqual(oneSat);
    expect(parsePrice('250 msat')).toEqual({ kind: 'msat', amount: { amount: 250n, currency: 'msat' } });
  });
  it.each([
    '',
    '0 sat',
    '01 sat',
    '1',
    '1  sat',
    '1 sats',
    '0 msat',
    '1.5 msat',
    '100000000001 msat',
    '1.5 sat',
    '1.5 SATS',
    '-1 sat',
    '1 usd!',
    '01 pathUSD',
    '1. pathUSD',
    '.5 pathUSD',
    '100000001 sat',
    'FREE',
  ])('not %j', (text) => expect(parsePrice(text)).toBeUndefined());
});

describe('parseMatch', () => {
  it('reads methods and patterns', () => {
    expect(parseMatch('GET /v1/:id/*')).toMatchObject({ methods: ['GET'], pattern: '/v1/:id/*', any: false });
    expect(parseMatch('ANY /')?.methods).toContain('DELETE');
  });
  it.each([
    '',
    '/v1',
    'get /v1',
    'GET v1',
    'GET  /v1',
    'GET /v1//x',
    'GET /v1/*/x',
    'GET /v1/../x',
    'GET /.',
    'GET /a(b)',
    'GET /a?',
    'TRACE /',
    'GET /%2F',
  ])('not %j', (text) => expect(parseMatch(text)).toBeUndefined());
});

describe('parseListen', () => {
  it('reads names, IPv4 and IPv6', () => {
    expect(parseListen('127.0.0.1:8402')).toEqual({ host: '127.0.0.1', port: 8402 });
    expect(parseListen('localhost:0')).toEqual({ host: 'localhost', port: 0 });
    expect(parseListen('[::1]:80')).toEqual({ host: '::1', port: 80 });
  });
  it.each(['', '8402', ':8402', 'a:65536', '::1:80', 'a:b'])('not %j', (text) =>
    expect(parseListen(text)).toBeUndefined(),
  );
});

describe('isLoopback', () => {
  it.each([
    'http://localhost:8402',
    'http://127.0.0.1',
    'https://[::1]:1',
    'localhost',
    'http://shop.localhost',
  ])('%s', (text) => expect(isLoopback(text)).toBe(true));
  it.each([
    'https://api.example.com',
    'http://127.0.0.1.example.com',
    'localhost.example.com',
    'devnet',
    'http://',
  ])('not %s', (text) => expect(isLoopback(text)).toBe(false));
});

describe('suggest', () => {
  it('finds near words and leaves far ones alone', () => {
    expect(suggest('upstraem', ['upstreams', 'routes'])).toBe('upstreams');
    expect(suggest('chalenge_lifes', ['challenge_life'])).toBe('challenge_life');
    expect(suggest('banana', ['upstreams', 'routes'])).toBeUndefined();
  });
});
