import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MethodUnavailable } from '@farebox/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../testing/rig.js';
import { formatDecimal, parseDecimal } from './decimal.js';
import { fiatAmount, satFor } from './fiat.js';
import { RateError, type RatePlace, rateBytesMax, readRate } from './rate-source.js';
import { openRates, type RateConfig, type Rates } from './rates.js';

const nowMs = 1_790_000_000_000;
let folder: string;
const closers: (() => void)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-rates-'));
});

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await rm(folder, { recursive: true });
});

async function rateFile(text: string, writtenMs = nowMs): Promise<string> {
  const path = join(folder, 'rate.json');
  await writeFile(path, text);
  await utimes(path, writtenMs / 1_000, writtenMs / 1_000);
  return path;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  // A TCP server that listens has an AddressInfo.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/rate`;
}

const place = (from: string, changes: Partial<RatePlace> = {}): RatePlace => ({
  kind: 'file',
  from,
  at: '/usd',
  asOf: undefined,
  ...changes,
});

function decimal(text: string) {
  const value = parseDecimal(text);
  if (value === undefined) throw new Error(text);
  return value;
}

describe('satoshis for a price', () => {
  it.each([
    ['0.002', '65000', 4n],
    ['1', '100000', 1_000n],
    ['1', '100000.01', 1_000n],
    ['1', '99999.99', 1_001n],
    ['0.000001', '1000000', 1n],
    ['1000', '0.5', 200_000_000_000n],
  ])('%s at %s a bitcoin', (price, perBtc, satoshis) => {
    const { units, scale } = decimal(price);
    expect(satFor(units * 10n ** BigInt(6 - scale), decimal(perBtc))).toBe(satoshis);
  });

  it('are never worth less than the price, and never a whole satoshi more', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 12n),
        fc.bigInt(1n, 10n ** 15n),
        fc.integer({ min: 0, max: 8 }),
        (price, units, scale) => {
          const satoshis = satFor(price, { units, scale });
          // sat / 1e8 * units / 10^scale >= price / 1e6, in whole numbers
          const worth = (sats: bigint) => sats * units * 10n ** 6n;
          const due = price * 10n ** 8n * 10n ** BigInt(scale);
          expect(worth(satoshis) >= due).toBe(true);
          expect(worth(satoshis - 1n) < due).toBe(true);
        },
      ),
    );
  });
});

describe('a decimal number', () => {
  it.each(['1', '0.1', '65012.5', '100', '0.000001', '123456789012345678.123456789012345678'])(
    '%s is written as it is',
    (text) => {
      expect(formatDecimal(decimal(text))).toBe(text);
    },
  );
  it('is written without zeros that say nothing', () => {
    expect(formatDecimal(decimal('65000.50'))).toBe('65000.5');
    expect(formatDecimal(decimal('65000.00'))).toBe('65000');
  });
});

describe('reading a rate', () => {
  it('from a file, as of when it was written or of what it says', async () => {
    const path = await rateFile(
      '{"usd":"65000.50","t":1789999990,"iso":"2026-01-01T00:00:00Z"}',
      nowMs - 5_000,
    );
    expect(await readRate(place(path), nowMs)).toEqual({
      perBtc: decimal('65000.50'),
      asOfMs: nowMs - 5_000,
    });
    expect((await readRate(place(path, { asOf: '/t' }), nowMs)).asOfMs).toBe(1_789_999_990_000);
    expect((await readRate(place(path, { asOf: '/iso' }), nowMs)).asOfMs).toBe(Date.UTC(2026, 0, 1));
  });

  it('that is the whole text, or deep in it', async () => {
    expect((await readRate(place(await rateFile('65000'), { at: '' }), nowMs)).perBtc).toEqual(
      decimal('65000'),
    );
    const deep = await rateFile('{"data":{"rates":[{"a/b":1.5}]}}');
    expect((await readRate(place(deep, { at: '/data/rates/0/a~1b' }), nowMs)).perBtc).toEqual(decimal('1.5'));
  });

  it('is never younger than now, whatever its source says', async () => {
    const path = await rateFile('{"usd":1,"t":1999999999}', nowMs + 3_600_000);
    expect((await readRate(place(path), nowMs)).asOfMs).toBe(nowMs);
    expect((await readRate(place(path, { asOf: '/t' }), nowMs)).asOfMs).toBe(nowMs);
  });

  it.each([
    '',
    'usd',
    '{}',
    '{"usd":0}',
    '{"usd":-1}',
    '{"usd":null}',
    '{"usd":"1e5"}',
    '{"usd":1e30}',
    '{"usd":[1]}',
  ])('refuses %j', async (text) => {
    await expect(readRate(place(await rateFile(text)), nowMs)).rejects.toBeInstanceOf(RateError);
  });

  it('refuses a file that is too large or not there, and a time that is none', async () => {
    const large = await rateFile(JSON.stringify({ usd: 1, a: 'x'.repeat(rateBytesMax) }));
    await expect(readRate(place(large), nowMs)).rejects.toThrow('larger');
    await expect(readRate(place(join(folder, 'none')), nowMs)).rejects.toBeInstanceOf(RateError);
    const path = await rateFile('{"usd":1,"t":"yesterday"}');
    await expect(readRate(place(path, { asOf: '/t' }), nowMs)).rejects.toThrow('no time');
    await expect(readRate(place(path, { asOf: '/missing' }), nowMs)).rejects.toThrow('no time');
  });

  it('from a URL', async () => {
    const url = await serve((_request, response) => response.end('{"usd":65000}'));
    expect(await readRate(place(url, { kind: 'url' }), nowMs)).toEqual({
      perBtc: decimal('65000'),
      asOfMs: nowMs,
    });
  });

  it.each<[string, RequestListener]>([
    ['fails', (_request, response) => response.writeHead(500).end('{"usd":65000}')],
    ['sends it elsewhere', (_request, response) => response.writeHead(302, { Location: '/other' }).end()],
    ['never stops', (_request, response) => void response.write('9'.repeat(rateBytesMax + 1))],
    ['hangs up', (request) => request.socket.destroy()],
  ])('refuses a URL that %s, without naming it', async (_, listener) => {
    const url = await serve(listener);
    const error = await readRate(place(url, { kind: 'url' }), nowMs).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RateError);
    expect(String(error)).not.toContain('127.0.0.1');
  });
});

describe('rates', () => {
  const price = fiatAmount('USD', 2_000n);
  const faults: string[] = [];
  let clockMs = nowMs;

  function open(config: RateConfig): Rates {
    clockMs = nowMs;
    faults.length = 0;
    const rates = openRates([config], { now: () => clockMs, onFault: (currency) => faults.push(currency) });
    closers.push(() => rates.close());
    return rates;
  }

  const read = (from: string, changes: Partial<RatePlace> = {}): RateConfig => ({
    kind: 'read',
    currency: 'USD',
    place: place(from, changes),
    everyMs: 10,
    ageMsMax: 60_000,
  });

  it('that are fixed hold for ever', () => {
    const rates = open({ kind: 'fixed', currency: 'USD', perBtc: decimal('65000') });
    expect(rates.convert(price, nowMs + 1e12)).toEqual({
      amountSat: 4n,
      rate: { price: '0.002', currency: 'USD', rate: '65000', unit: 'BTC', asOfMs: nowMs + 1e12 },
    });
    expect(rates.convert(fiatAmount('EUR', 1n), nowMs)).toBeUndefined();
    expect(rates.convert({ amount: 1n, currency: 'USD' }, nowMs)).toBeUndefined();
  });

  it('sell until they are too old, and say so then', async () => {
    const rates = open(read(await rateFile('{"usd":65000}')));
    await rates.ready;
    expect(rates.convert(price, nowMs + 60_000)?.amountSat).toBe(4n);
    expect(() => rates.convert(price, nowMs + 60_001)).toThrow(MethodUnavailable);
    expect(() => rates.convert(price, nowMs + 60_001)).toThrow(/USD is 60 s old, and may be 60 s/);
  });

  it('say at what price they sell, and as of when', async () => {
    const rates = open(read(await rateFile('{"usd":"65012.50"}', nowMs - 5_000)));
    await rates.ready;
    expect(rates.convert(price, nowMs)?.rate).toEqual({
      price: '0.002',
      currency: 'USD',
      rate: '65012.5',
      unit: 'BTC',
      asOfMs: nowMs - 5_000,
    });
  });

  it('that were never read sell nothing, and do once they can be read', async () => {
    const path = join(folder, 'rate.json');
    const rates = open(read(path));
    await rates.ready;
    expect(() => rates.convert(price, nowMs)).toThrow(MethodUnavailable);
    expect(faults).toContain('USD');
    await rateFile('{"usd":65000}');
    await until('the rate was read', () => {
      try {
        return rates.convert(price, nowMs)?.amountSat === 4n;
      } catch {
        return false;
      }
    });
  });

  it('are read again and again', async () => {
    let perBtc = 65_000;
    const url = await serve((_request, response) => response.end(JSON.stringify({ usd: perBtc })));
    const rates = open(read(url, { kind: 'url' }));
    await rates.ready;
    expect(rates.convert(price, nowMs)?.amountSat).toBe(4n);
    perBtc = 32_500;
    await until('the new rate was read', () => rates.convert(price, nowMs)?.amountSat === 7n);
  });

  it('keep the last one that was read while their source is broken', async () => {
    let broken = false;
    const url = await serve((_request, response) => response.end(broken ? 'oops' : '{"usd":65000}'));
    const rates = open(read(url, { kind: 'url' }));
    await rates.ready;
    broken = true;
    await until('the source has failed', () => faults.length > 2);
    expect(rates.convert(price, nowMs + 60_000)?.amountSat).toBe(4n);
    expect(() => rates.convert(price, clockMs + 60_001 + 60_000)).toThrow(MethodUnavailable);
  });
});
