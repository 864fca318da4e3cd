import { expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import { priceWords } from './words.js';

const recipient = '0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00';
const tokens = {
  pathUSD: { address: '0x20C0000000000000000000000000000000000000', recipient },
  tiny: { address: '0x20c0000000000000000000000000000000000001', decimals: 18, recipient },
  whole: { address: '0x20c0000000000000000000000000000000000002', decimals: 0, recipient },
};

it.each([
  ['free', 'free'],
  ['1 sat', '1 sat'],
  ['2000msat', '2 sat'],
  ['0.01 pathUSD', '0.01 pathUSD'],
  ['12.50 pathUSD', '12.5 pathUSD'],
  ['0.000000000000000001 tiny', '0.000000000000000001 tiny'],
  ['3 whole', '3 whole'],
  ['0 pathUSD', '0 pathUSD'],
  ['0.002 USD', '0.002 USD'],
  [['1 sat', '0.01 pathUSD'], '0.01 pathUSD or 1 sat'],
])('%s is said as %s', (price, words) => {
  const config = checkConfig({
    realm: 'x',
    lightning: { node: { kind: 'devnet' } },
    tempo: { rpc: 'http://127.0.0.1:8545', tokens },
    rates: { USD: { fixed: 65_000 } },
    upstreams: { a: 'http://a.test' },
    routes: [{ match: 'GET /', upstream: 'a', price }],
  });
  expect(priceWords(config.routes[0]?.offers ?? [], config.tempo?.tokens ?? [])).toBe(words);
});
