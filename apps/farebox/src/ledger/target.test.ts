import { describe, expect, it } from 'vitest';
import { parseTarget, showTarget } from './target.js';

describe('a target', () => {
  it.each([
    ['sqlite:farebox.db', { kind: 'sqlite', path: '/shop/farebox.db' }],
    ['sqlite:../x.db', { kind: 'sqlite', path: '/x.db' }],
    ['sqlite:/var/x.db', { kind: 'sqlite', path: '/var/x.db' }],
    ['sqlite::memory:', { kind: 'sqlite', path: ':memory:' }],
    ['postgres://a@h/d', { kind: 'postgres', url: 'postgres://a@h/d', schema: undefined }],
    ['postgresql://h/d', { kind: 'postgres', url: 'postgresql://h/d', schema: undefined }],
  ])('%s', (text, target) => expect(parseTarget(text, '/shop')).toEqual(target));

  it.each(['', 'farebox.db', 'sqlite:', 'postgres:', 'mysql://h/d', 'https://h/d'])('is not %j', (text) =>
    expect(parseTarget(text, '/shop')).toBeUndefined(),
  );

  it.each([
    'postgres://farebox:hunter2@db.test:5432/shop?sslmode=verify-full',
    'postgres://farebox:hunter2/x@db.test/shop',
    'postgres://farebox:hun?ter2@db.test/shop',
    'postgres://farebox:hunter2@[',
    'postgres://db.test/shop?password=hunter2',
  ])('is never shown with its password: %s', (url) => {
    expect(showTarget({ kind: 'postgres', url, schema: undefined })).not.toMatch(/hun|ter2/);
  });

  it('is shown with its place', () => {
    expect(showTarget({ kind: 'postgres', url: 'postgres://u:p@db.test:5/shop', schema: undefined })).toBe(
      'postgres://db.test:5/shop',
    );
    expect(showTarget({ kind: 'sqlite', path: '/shop/farebox.db' })).toBe('/shop/farebox.db');
  });
});
