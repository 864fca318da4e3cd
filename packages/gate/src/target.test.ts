import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTarget, targetCharsMax } from './target.js';

describe('readTarget', () => {
  it.each([
    ['/', '/', ''],
    ['/v1/bitcoin/price', '/v1/bitcoin/price', ''],
    ['/v1/bitcoin/price?currency=usd&x=%2F..%2F', '/v1/bitcoin/price', 'currency=usd&x=%2F..%2F'],
    ['/a/', '/a/', ''],
    ['/a?', '/a', ''],
    ['/a?b?c', '/a', 'b?c'],
    ['/caf%C3%A9', '/caf%C3%A9', ''],
    ['/a%20b', '/a%20b', ''],
    ['/.well-known/x', '/.well-known/x', ''],
    ['/a/..b/...', '/a/..b/...', ''],
    ["/~user/!$&'()*+,;=:@", "/~user/!$&'()*+,;=:@", ''],
  ])('reads %s', (url, path, query) => {
    expect(readTarget(url)).toEqual({ ok: true, path, query });
  });

  it.each([
    ['', 'empty'],
    ['v1/price', 'relative'],
    ['http://other.example/v1/price', 'absolute form'],
    ['//other.example/v1/price', 'empty first segment'],
    ['*', 'asterisk form'],
    ['/v1//price', 'empty segment'],
    ['/v1/./price', 'dot segment'],
    ['/v1/../price', 'dot-dot segment'],
    ['/v1/..', 'dot-dot at the end'],
    ['/v1/..;/price', 'dot-dot with a parameter'],
    ['/v1/.;x=1/price', 'dot with a parameter'],
    ['/v1/%2e%2e/price', 'encoded dots, lower case'],
    ['/v1/%2E%2E/price', 'encoded dots'],
    ['/v1/%2Fprice', 'encoded slash'],
    ['/v1/%2fprice', 'encoded slash, lower case'],
    ['/v1/%5Cprice', 'encoded backslash'],
    ['/v1/%252Fprice', 'encoded percent'],
    ['/v1\\price', 'backslash'],
    ['/v1/pric%65', 'encoded letter'],
    ['/v1/%70rice', 'encoded letter'],
    ['/v1/price%00', 'encoded NUL'],
    ['/v1/price%0D%0A', 'encoded line end'],
    ['/v1/price%7F', 'encoded DEL'],
    ['/v1/caf%c3%a9', 'lower-case encoding'],
    ['/v1/%', 'bare percent'],
    ['/v1/%zz', 'no hexadecimal'],
    ['/v1/%4', 'cut encoding'],
    ['/v1/price#x', 'fragment'],
    ['/v1/pr ice', 'blank'],
    ['/v1/prïce', 'beyond ASCII'],
    ['/v1/price?a=\u00e9', 'query beyond ASCII'],
    ['/v1/price?a\tb', 'control in the query'],
    [`/${'a'.repeat(targetCharsMax)}`, 'too long'],
  ])('refuses %s (%s)', (url) => {
    const target = readTarget(url);
    expect(target.ok).toBe(false);
    expect(target.ok ? '' : target.detail).toMatch(/\.$/);
  });

  it('never gives a path that URL resolution would change', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/[a-zA-Z0-9%./;\\~-]{0,40}$/), (url) => {
        const target = readTarget(url);
        if (target.ok) expect(new URL(target.path, 'http://host').pathname).toBe(target.path);
      }),
      { numRuns: 5_000 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (url) => {
        expect(typeof readTarget(url).ok).toBe('boolean');
      }),
      { numRuns: 5_000 },
    );
  });
});
