import { describe, it } from 'vitest';
import { afterRows } from './testing/after-rows.js';
import { play } from './testing/behaviour.js';
import { cutRows } from './testing/cut-rows.js';

describe('what the seller answers to the payment', () => {
  it.each(afterRows)('$name', play);
});

describe('the connection after the payment', () => {
  it.each(cutRows)('$name', play);
});
