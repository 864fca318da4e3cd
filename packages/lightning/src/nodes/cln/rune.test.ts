import { describe, expect, it } from 'vitest';
import { runeRights } from './rune.js';

/** From the documentation of `createrune`, "Examples". */
const unrestricted = '7cKJyALVY0_LLVV-AB9oetXjipOdyt0EhOuYrSS42fM9MA==';
const readonly =
  '0VIVf0M4jMlGNIwNM3sTpBextINe4_VBGZnBMM82kR49MCZtZXRob2RebGlzdHxtZXRob2ReZ2V0fG1ldGhvZD1zdW1tYXJ5Jm1ldGhvZC9saXN0ZGF0YXN0b3Jl';

const runeOf = (restrictions: string) =>
  Buffer.concat([Buffer.alloc(32, 7), Buffer.from(restrictions)]).toString('base64url');

function heldBy(rune: string): string[] {
  const held = (runeRights(rune) ?? []).filter(({ held }) => held);
  return [...new Set(held.map(({ right }) => right))];
}

const wordsOf = (rune: string) =>
  (runeRights(rune) ?? []).filter(({ held }) => held).map(({ right, word }) => `${right}: ${word}`);

const all = ['info', 'invoice', 'lookup', 'pay', 'track', 'balance', 'onchain', 'administer'];

describe('runeRights', () => {
  it('knows that a rune without restrictions may everything', () => {
    expect(heldBy(unrestricted)).toEqual(all);
  });

  it('knows what a read-only rune may', () => {
    expect(heldBy(readonly)).toEqual(['info', 'lookup', 'track', 'balance']);
  });

  it('reads the rune of a seller', () => {
    const rune = runeOf('=1&method=getinfo|method=invoice|method=listinvoices|method=delinvoice');
    expect(heldBy(rune)).toEqual(['info', 'invoice', 'lookup']);
  });

  it('wants both methods for making and cancelling', () => {
    expect(heldBy(runeOf('=1&method=invoice'))).toEqual([]);
  });

  it('joins restrictions by and, alternatives by or, and passes what is not about the method', () => {
    expect(heldBy(runeOf('=1&method=xpay|method=getinfo&method/xpay'))).toEqual(['info']);
    expect(heldBy(runeOf('=1&time<1656759180&rate=60'))).toEqual(all);
    expect(heldBy(runeOf('=1&method=getinfo|rate=60'))).toEqual(all);
  });

  it('knows the other conditions', () => {
    expect(heldBy(runeOf('=1&method$info'))).toEqual(['info']);
    expect(heldBy(runeOf('=1&method~peerch'))).toEqual(['balance']);
    expect(heldBy(runeOf('=1&method!'))).toEqual([]);
    expect(heldBy(runeOf('=1&method#any comment'))).toEqual(all);
  });

  it.each([
    ['pay', 'pay'],
    ['keysend', 'pay'],
    ['sendpay', 'pay'],
    ['fundchannel', 'onchain'],
    ['close', 'onchain'],
    ['signpsbt', 'onchain'],
    ['stop', 'administer'],
    ['makesecret', 'administer'],
    ['showrunes', 'administer'],
  ])('sees that a seller’s rune lets %s through too', (method, right) => {
    const rune = runeOf(
      `=1&method=getinfo|method=invoice|method=listinvoices|method=delinvoice|method=${method}`,
    );
    expect(wordsOf(rune)).toEqual([
      'info: getinfo',
      'invoice: invoice, delinvoice',
      'lookup: listinvoices',
      `${right}: ${method}`,
    ]);
  });

  it('sees that a rune which only forbids lets everything else through, whatever that will be', () => {
    const words = wordsOf(runeOf('=1&method/xpay&method/withdraw'));
    expect(words).toContain('pay: pay, keysend, sendpay, sendonion and 3 more');
    expect(words).toContain('administer: every method that it does not name');
    expect(wordsOf(readonly).join()).not.toContain('does not name');
  });

  it('reads what a backslash protects', () => {
    expect(heldBy(runeOf('=1&method=get\\info'))).toEqual(['info']);
    expect(heldBy(runeOf('=1&method=getinfo\\|method=xpay'))).toEqual([]);
  });

  it.each(['', 'abc', '!!!', 'a b', 'ä'.repeat(60)])('cannot tell of "%s"', (text) => {
    expect(runeRights(text)).toBeUndefined();
  });
});
