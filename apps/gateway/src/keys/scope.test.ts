import { describe, expect, it } from 'vitest';
import { isScope, readScopes } from './scope.js';

const asked = (method: string, path: string, ...labels: string[]) => ({ method, path, labels });

describe('scopes', () => {
  it('none open everything', () => {
    expect(readScopes([])(asked('DELETE', '/anything'))).toBe(true);
  });

  it.each([
    ['GET /v1/bitcoin/*', 'GET', '/v1/bitcoin/price', true],
    ['GET /v1/bitcoin/*', 'HEAD', '/v1/bitcoin/price', true],
    ['GET /v1/bitcoin/*', 'GET', '/v1/bitcoin/', true],
    ['GET /v1/bitcoin/*', 'GET', '/v1/bitcoin/a/b/c', true],
    ['GET /v1/bitcoin/*', 'GET', '/v1/bitcoin', false],
    ['GET /v1/bitcoin/*', 'GET', '/v1/bitcoins/x', false],
    ['GET /v1/bitcoin/*', 'POST', '/v1/bitcoin/price', false],
    ['ANY /v1/:id', 'PATCH', '/v1/7', true],
    ['ANY /v1/:id', 'PATCH', '/v1/7/8', false],
    ['ANY /v1/:id', 'PATCH', '/v1/', false],
    ['GET /v1/price', 'GET', '/v1/price', true],
    ['GET /v1/price', 'GET', '/v1/price/', false],
    ['GET /*', 'GET', '/', true],
    ['HEAD /v1/price', 'GET', '/v1/price', false],
  ])('%s of %s %s: %s', (scope, method, path, opens) => {
    expect(readScopes([scope])(asked(method, path))).toBe(opens);
  });

  it('labels open the routes that have them', () => {
    const opens = readScopes(['runes', 'GET /v1/price']);
    expect(opens(asked('GET', '/v1/x', 'bitcoin', 'runes'))).toBe(true);
    expect(opens(asked('GET', '/v1/price'))).toBe(true);
    expect(opens(asked('GET', '/v1/x', 'bitcoin'))).toBe(false);
  });

  it('what cannot be read opens nothing, and never everything', () => {
    expect(readScopes(['GET /v1/../*', '*', ''])(asked('GET', '/v1/x', ''))).toBe(false);
  });
});

it.each([
  ['GET /v1/*', true],
  ['bitcoin', true],
  ['Bitcoin', false],
  ['', false],
  ['*', false],
  ['GET', false],
  ['get /v1', false],
  ['GET /a/../b', false],
])('%j is a scope: %s', (text, is) => {
  expect(isScope(text)).toBe(is);
});
