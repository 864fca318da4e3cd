import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleCommands } from './sample-request.js';
import { build, buildWith, textOf } from './testing/build.js';

/** What a POSIX shell makes of a command: its words. */
function wordsOf(command: string): string[] {
  const script = `farebox() { printf '%s\\0' "$@"; }; curl() { printf '%s\\0' "$@"; }; ${command}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('the ready commands', () => {
  it('are the words that they mean, whatever stands in URL and body', () => {
    const hostile = fc.string({
      unit: fc.constantFrom("'", '"', '$', '`', '\\', ';', '\n', '!', '{', 'a', ' ', 'é'),
    });
    fc.assert(
      fc.property(hostile, hostile, (tail, body) => {
        const url = `https://api.example.com/${tail}`;
        const { preview, pay } = sampleCommands('PUT', { url, open: [], body });
        const words = [
          'pay',
          'request',
          url,
          '-X',
          'PUT',
          '-H',
          'Content-Type: application/json',
          '-d',
          body,
        ];
        expect(wordsOf(preview)).toEqual(words);
        expect(wordsOf(pay)).toEqual([...words, '--yes']);
      }),
      { numRuns: 20 },
    );
  });

  it('tell curl to leave braces alone, and name no method that goes without saying', () => {
    const { curl } = sampleCommands('GET', { url: 'https://a.example/{id}', open: ['id'], body: undefined });
    expect(wordsOf(curl)).toEqual(['-i', '-g', 'https://a.example/{id}']);
    const post = sampleCommands('POST', { url: 'https://a.example/', open: [], body: '{}' });
    expect(wordsOf(post.preview)).not.toContain('-X');
  });

  it("take their values from the route's example, or from the seller's file", async () => {
    const routes = [{ match: 'GET /v1/t/:id', upstream: 'api', price: '1 sat' }];
    const page = async (more: object): Promise<string> =>
      textOf(
        await build({
          routes: [{ ...routes[0], match: 'GET /v1/t/:id', upstream: 'api', price: '1 sat', ...more }],
        }),
        '/docs/api/t.md',
      );
    expect(await page({})).toContain("'https://api.example.com/v1/t/{id}'");
    expect(await page({})).toContain('Put your own values where `{id}` stands.');
    expect(await page({ catalog: { example: '/v1/t/7?a=b' } })).toContain(
      "'https://api.example.com/v1/t/7?a=b'",
    );
    const file = {
      openapi: '3.1.0',
      paths: {
        '/v1/t/{id}': {
          get: {
            responses: {},
            parameters: [
              { name: 'id', in: 'path', required: true, schema: { type: 'string', examples: ["it's/7"] } },
              { name: 'size', in: 'query', required: true, example: 'big one' },
              { name: 'other', in: 'query', example: 'x' },
            ],
          },
        },
      },
    };
    const catalog = await buildWith(
      { 'a.json': JSON.stringify(file) },
      { catalog: { openapi: 'a.json' }, routes },
    );
    expect(textOf(catalog, '/docs/api/t.md')).toContain(
      "'https://api.example.com/v1/t/it'\\''s%2F7?size=big%20one'",
    );
  });

  it('an example that its route does not fit is a mistake in the configuration', async () => {
    const wrong = {
      match: 'GET /v1/t/:id',
      upstream: 'api',
      price: '1 sat',
      catalog: { example: '/v1/u/7' },
    };
    await expect(build({ routes: [wrong] })).rejects.toThrow(
      /routes\[0\]\.catalog\.example: is no path that/,
    );
  });
});
