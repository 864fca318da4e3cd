import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowsPath, deniesPath, isPathPattern, matchOrigin, parseOrigin } from './match.js';

describe('an origin', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com/v1?x=1', true],
    ['https://api.example.com', 'https://API.example.com./v1', true],
    ['https://api.example.com', 'https://api.example.com:443/', true],
    ['https://api.example.com', 'https://api.example.com:8443/', false],
    ['https://api.example.com:8443', 'https://api.example.com:8443/', true],
    ['https://api.example.com', 'http://api.example.com/', false],
    ['https://api.example.com', 'https://api.example.com.evil.test/', false],
    ['https://api.example.com', 'https://evil.test/?https://api.example.com', false],
    ['https://api.example.com', 'https://api.example.com@evil.test/', false],
    ['https://*.example.com', 'https://a.b.example.com/', true],
    ['https://*.example.com', 'https://example.com/', false],
    ['https://*.example.com', 'https://notexample.com/', false],
    ['https://bücher.example', 'https://xn--bcher-kva.example/', true],
    ['http://127.0.0.1:8402', 'http://127.1:8402/x', true],
  ])('%s and %s: %s', (pattern, url, expected) => {
    expect(matchOrigin(pattern, url)).toBe(expected);
  });

  it.each([
    'api.example.com',
    'https://',
    'https://*',
    'https://*.',
    'https://a.*.com',
    'https://api.example.com/',
    'https://api.example.com/v1',
    'https://u:p@api.example.com',
    'ftp://api.example.com',
    'https://a.test?x',
    '*',
    '',
  ])('is not %s', (text) => {
    expect(parseOrigin(text)).toBeUndefined();
  });
});

describe('a path', () => {
  const at = (path: string) => `https://api.example.com${path}`;

  it.each([
    ['/v1/*', '/v1/prices', true],
    ['/v1/*', '/v1/', true],
    ['/v1/*', '/v1', false],
    ['/v1/*', '/v10/x', false],
    ['/v1', '/v1?x=/v2', true],
    ['/*/price', '/a/b/price', true],
    ['/*/price', '/a/prices', false],
    ['/v1/**', '/v1/x', true],
  ])('%s allows %s: %s', (pattern, path, expected) => {
    expect(allowsPath(pattern, at(path))).toBe(expected);
  });

  it.each([
    '/admin/x',
    '/ADMIN/x',
    '/%61dmin/x',
    '//admin//x',
    '/v1/../admin/x',
    '/v1/%2e%2e/admin/x',
    '/v1/..%2fadmin/x',
    '/.%2fadmin/x',
    '/v1%5c..%5cadmin/x',
    '/%2561dmin/x',
    '/%zz',
  ])('that is denied is denied as %s too', (path) => {
    expect(deniesPath('/admin/*', at(path))).toBe(true);
  });

  it.each(['/v1/..%2fadmin/x', '/v1/%2561', '/v1/%zz', '/v1/%2e%2e%2f%2e%2e/x'])(
    'that servers may read differently is not allowed by its first look: %s',
    (path) => {
      expect(allowsPath('/v1/*', at(path))).toBe(false);
    },
  );

  it('pattern begins with a slash and has no query', () => {
    expect(['/a', '/*', '/'].map(isPathPattern)).toEqual([true, true, true]);
    expect(['a', '', '/a?b', '/a#b', '/a b'].map(isPathPattern)).toEqual([false, false, false, false, false]);
  });

  it('is never both allowed and denied by one pattern, nor slow, nor a reason to throw', () => {
    const characters = fc.constantFrom('a', 'b', '/', '*', '%2f', '%2e', '.', '%', '\\', 'A');
    const text = fc.string({ unit: characters, maxLength: 200 });
    fc.assert(
      fc.property(text, text, (pattern, path) => {
        const url = at(`/${path.replaceAll('*', '')}`);
        if (allowsPath(`/${pattern}`, url)) expect(deniesPath(`/${pattern}`, url)).toBe(true);
      }),
    );
    const stars = `/${'*a'.repeat(240)}b`;
    expect(deniesPath(stars, at(`/${'a'.repeat(8_000)}`))).toBe(false);
  });
});
