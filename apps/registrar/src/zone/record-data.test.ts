import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RecordType, recordTypes } from '../directory.js';
import { recordTail } from '../dns/record-wire.js';
import { presentation } from './presentation.js';
import { caaValueBytesMax, parseRecordData, txtBytesMax } from './record-data.js';

/** How many texts of each type are tried. */
const fuzzRuns = Number(process.env.FUZZ_RUNS ?? 1_000);

/** The data as it goes onto the wire, in hex, without type, class, time and length. */
function wire(type: RecordType, text: string): string {
  const parsed = parseRecordData(type, text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return Buffer.from(recordTail(parsed.data, 300)).subarray(10).toString('hex');
}

describe('good data', () => {
  it.each([
    ['A', '192.0.2.1', 'c0000201'],
    ['AAAA', '2001:DB8::1', '20010db8000000000000000000000001'],
    ['AAAA', '::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['CNAME', 'Host.Example.', '04686f7374076578616d706c6500'],
    ['NS', 'ns.example.', '026e73076578616d706c6500'],
    ['MX', '10 mail.example.', '000a046d61696c076578616d706c6500'],
    // "No mail here" (RFC 7505 §3).
    ['MX', '0 .', '000000'],
    ['TXT', 'a "b"', '0561202262 22'.replace(' ', '')],
    ['TXT', '', '00'],
    ['CAA', '0 issue "ca.example"', '000569737375 6563612e6578616d706c65'.replace(' ', '')],
    ['CAA', '128 issuewild ;', '800969737375 6577696c643b'.replace(' ', '')],
    ['CAA', '0 contactemail "a\\"b\\059c"', '000c636f6e74616374656d61696c6122623b63'],
    ['TLSA', `3 1 1 ${'AB'.repeat(32)}`, `030101${'ab'.repeat(32)}`],
    ['TLSA', '3 1 0 0102 0304', '03010001020304'],
  ] as const)('%s %s', (type, text, hex) => {
    expect(wire(type, text)).toBe(hex);
  });

  it('a text of 256 bytes is two character-strings', () => {
    expect(wire('TXT', 'é'.repeat(128))).toBe(`ff${'c3a9'.repeat(127)}c301a9`);
  });
});

describe('bad data is refused in one sentence', () => {
  it.each([
    ['A', '192.0.2.256'],
    ['A', '192.0.2'],
    ['A', '192.0.02.1'],
    ['A', '::1'],
    ['AAAA', '192.0.2.1'],
    ['AAAA', 'fe80::1%eth0'],
    ['AAAA', '2001:db8::1::2'],
    ['CNAME', 'host.example'],
    ['CNAME', 'host..example.'],
    ['CNAME', '.'],
    ['CNAME', '*.example.'],
    ['CNAME', `${'a'.repeat(64)}.example.`],
    ['CNAME', `${'a.'.repeat(128)}`],
    ['NS', 'ns.example. extra.'],
    ['NS', 'ns.exa\\109ple.'],
    ['MX', 'mail.example.'],
    ['MX', '65536 mail.example.'],
    ['MX', '-1 mail.example.'],
    ['MX', '10 mail.example'],
    ['MX', '10 a.example. b.example.'],
    ['TXT', 'x'.repeat(txtBytesMax + 1)],
    ['CAA', '256 issue "ca.example"'],
    ['CAA', '0 is-sue "ca.example"'],
    ['CAA', '0 issue "ca.example'],
    ['CAA', '0 issue "ca\\999"'],
    ['CAA', '0 issue "a" "b"'],
    ['CAA', `0 issue "${'x'.repeat(caaValueBytesMax + 1)}"`],
    ['TLSA', '3 1 1 abcd'],
    ['TLSA', '3 1 0 abc'],
    ['TLSA', '3 1 0'],
    ['TLSA', '3 1 0 zz'],
    ['TLSA', '256 1 0 ab'],
  ] as const)('%s %s', (type, text) => {
    expect(parseRecordData(type, text)).toEqual({
      ok: false,
      problem: expect.stringMatching(/^[^\n]+[.:] ?.*$/),
    });
  });
});

it('whatever is written, what is read can be sent and exported on one line', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('10 mail.example.', '0 issue "a"', '3 1 0 ab', 'a.example.'),
  );
  fc.assert(
    fc.property(fc.constantFrom(...recordTypes), text, (type, each) => {
      const parsed = parseRecordData(type, each);
      if (!parsed.ok) return;
      expect(recordTail(parsed.data, 0).length).toBeGreaterThan(10);
      expect(presentation(parsed.data)).toMatch(/^[\x20-\x7e]+$/);
    }),
    { numRuns: fuzzRuns },
  );
});
