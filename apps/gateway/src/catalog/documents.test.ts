import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import { createLogger } from '../log.js';
import { challengeOf, openRig, type Rig, type RigOptions } from '../testing/rig.js';
import { readDocuments } from './documents.js';
import { documentLifeSeconds } from './stored-document.js';

// The documents through a running gateway.

let rig: Rig | undefined;
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const route = (match: string, more: object = {}) => ({ match, upstream: 'api', price: '1 sat', ...more });

describe('documents', () => {
  let shared: Rig;
  beforeAll(async () => {
    shared = await openRig();
  });
  afterAll(() => shared.close());

  it.each([
    ['/openapi.json', 'application/json'],
    ['/llms.txt', 'text/plain; charset=utf-8'],
    ['/llms-full.txt', 'text/plain; charset=utf-8'],
    ['/SKILL.md', 'text/markdown; charset=utf-8'],
    ['/docs', 'text/html; charset=utf-8'],
    ['/docs/paying', 'text/html; charset=utf-8'],
    ['/docs/paying.md', 'text/markdown; charset=utf-8'],
    [
      '/.well-known/api-catalog',
      'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"',
    ],
  ])('%s is free, cached, tagged, and the same for HEAD', async (path, type) => {
    const { ask } = shared;
    const got = await ask(path);
    expect([got.status, got.field('content-type')]).toEqual([200, type]);
    expect(got.field('cache-control')).toBe(`public, max-age=${documentLifeSeconds}`);
    expect(got.field('access-control-allow-origin')).toBe('*');
    expect(got.field('x-content-type-options')).toBe('nosniff');
    expect(got.body.length).toBe(Number(got.field('content-length')));
    const head = await ask(path, { method: 'HEAD' });
    expect([head.status, head.body.length, head.field('etag')]).toEqual([200, 0, got.field('etag')]);
    for (const known of [got.field('etag') ?? '', `"x", W/${got.field('etag')}`, '*']) {
      const again = await ask(path, { headers: ['If-None-Match', known] });
      expect([again.status, again.body.length, again.field('etag')]).toEqual([304, 0, got.field('etag')]);
    }
    expect((await ask(path, { headers: ['If-None-Match', '"other"'] })).status).toBe(200);
    expect(got.field('www-authenticate')).toBeUndefined();
  });

  it('are not asked for in other ways', async () => {
    const { ask } = shared;
    const reply = await ask('/openapi.json', { method: 'POST', body: '{}' });
    expect([reply.status, reply.field('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await ask('/docs/')).status).toBe(404);
    expect((await ask('/openapi.json/')).status).toBe(404);
    expect((await ask('/docs/../openapi.json')).status).toBe(400);
  });

  it('a page for people may do nothing but show itself', async () => {
    const { ask } = shared;
    const policy = (await ask('/docs')).field('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect((await ask('/docs?ask=price')).field('content-security-policy')).toBe(policy);
  });

  it('a question is answered, kept nowhere, and refused in words when it is too long', async () => {
    const { ask } = shared;
    const answer = await ask('/docs/index.md?ask=how+do+I+pay');
    expect([answer.status, answer.field('cache-control')]).toEqual([200, 'no-store']);
    expect(answer.body.toString()).toContain('## Sources');
    const long = await ask(`/docs/index.md?ask=${'word+'.repeat(200)}`);
    expect([long.status, long.field('content-type')]).toEqual([400, 'application/problem+json']);
    expect((await ask('/docs/index.md?ask=')).status).toBe(400);
    // Where there is no page, the query means nothing.
    expect((await ask('/llms.txt?ask=x')).status).toBe(200);
  });

  it('can be switched off', async () => {
    const { ask } = await opened({ config: { catalog: false } });
    for (const path of ['/openapi.json', '/docs', '/llms.txt', '/SKILL.md'])
      expect((await ask(path)).status).toBe(404);
  });
});

describe('a configured route on the same path', () => {
  it('wins, is paid for as ever, and is named in the log', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger('warn', { write: (line: string) => void lines.push(JSON.parse(line)) });
    const { ask } = await opened({ routes: [route('GET /openapi.json')], dependencies: { logger } });
    const reply = await ask('/openapi.json');
    expect(reply.status).toBe(402);
    expect(challengeOf(reply).method).toBe('lightning');
    expect((await ask('/llms.txt')).status).toBe(200);
    expect(lines).toContainEqual(
      expect.objectContaining({ route: 'GET /openapi.json', documents: ['/openapi.json'] }),
    );
  });

  it.each(['GET /*', 'ANY /docs/*', 'GET /:page'])(
    'wins with %s too, and no document is served unpaid',
    async (match) => {
      const { ask } = await opened({ routes: [route(match)] });
      const path = match.includes('docs') ? '/docs/paying.md' : '/docs';
      expect((await ask(path)).status).toBe(402);
    },
  );

  it('gives way when the configuration says so, but not on its very path', async () => {
    const { ask } = await opened({
      config: { catalog: { over_wildcards: true } },
      routes: [route('GET /*'), route('GET /docs')],
    });
    expect((await ask('/openapi.json')).status).toBe(200);
    expect((await ask('/docs/paying.md')).status).toBe(200);
    expect((await ask('/docs')).status).toBe(402);
    expect((await ask('/other')).status).toBe(402);
  });

  it('keeps its other methods', async () => {
    const { ask } = await opened({ routes: [route('POST /docs')] });
    expect((await ask('/docs', { method: 'POST', body: 'x' })).status).toBe(402);
    expect((await ask('/docs')).status).toBe(200);
  });
});

describe('what the seller brings', () => {
  it('is read from files beside the configuration, and a file that cannot be used stops the start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'farebox-documents-'));
    await writeFile(join(folder, 'guide.md'), '---\ntitle: Guide\n---\n\nHow to walk.');
    const { ask } = await opened({ config: { catalog: { docs_folder: folder } } });
    expect((await ask('/docs/guide.md')).body.toString()).toContain('# Guide\n\n\nHow to walk.');
    expect((await ask('/docs/guide')).field('content-type')).toContain('text/html');
    const config = checkConfig({
      realm: 'x',
      upstreams: { api: 'http://127.0.0.1:9' },
      routes: [route('GET /a', { price: 'free' })],
      catalog: { openapi: join(folder, 'none.yaml') },
    });
    // `createGateway` reads this before it opens anything.
    await expect(readDocuments(config)).rejects.toThrow(/none\.yaml cannot be read/);
    await rm(folder, { recursive: true });
  });
});

describe('a new configuration', () => {
  it('has new documents; one with a catalogue that cannot be made changes nothing', async () => {
    const { ask, gateway, upstream } = await opened();
    const priced = async (): Promise<string> => (await ask('/llms.txt')).body.toString();
    expect(await priced()).toContain('/paid/{path}');
    const next = (more: object) =>
      checkConfig({
        realm: 'http://shop.test',
        listen: '127.0.0.1:0',
        lightning: { node: { kind: 'devnet' } },
        upstreams: { api: upstream.url },
        routes: [route('GET /other')],
        ...more,
      });
    await expect(gateway.reload(next({ catalog: { openapi: '/nowhere/api.yaml' } }))).rejects.toThrow(
      /cannot be read/,
    );
    expect(await priced()).toContain('/paid/{path}');
    await gateway.reload(next({}));
    expect(await priced()).toContain('GET http://shop.test/other');
    expect(await priced()).not.toContain('/paid/');
  });
});
