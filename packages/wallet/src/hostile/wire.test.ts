import { describe, it } from 'vitest';
import { play } from './testing/behaviour.js';
import { redirectRows } from './testing/redirect-rows.js';
import { wireRows } from './testing/wire-rows.js';

describe('the connection before anything is paid', () => {
  it.each(wireRows)('$name', play);
});

describe('redirects', () => {
  it.each(redirectRows)('$name', play);
});
