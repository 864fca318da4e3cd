import { describe, it } from 'vitest';
import { play } from './testing/behaviour.js';
import { challengeRows } from './testing/challenge-rows.js';
import { priceRows } from './testing/price-rows.js';

describe('what the seller asks for', () => {
  it.each(priceRows)('$name', play);
});

describe('how the seller asks', () => {
  it.each(challengeRows)('$name', play);
});
