import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { documentAt } from './documents.js';
import { documentRoutes, mountDocuments } from './mount.js';
import type { Answer } from './settings.js';
import { hostileText, settings } from './testing/settings.js';

const directory = new MemoryDirectory('agent', 'chatbot');
directory.put('quiet.agent');
directory.put('late.agent', { status: 'grace' });
directory.put('myname.agent', {
  profile: { name: 'My Name', bio: hostileText, link: 'https://example.org', capabilities: ['search'] },
});

async function answerAt(path: string, own = settings): Promise<Answer> {
  const answer = await documentAt(path, directory, own);
  if (answer === undefined) throw new Error(`There is no document at ${path}.`);
  return answer;
}

/** The front matter of a skill file, and what comes after it. */
function split(markdown: string): { readonly front: Record<string, unknown>; readonly body: string } {
  const [, front = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(markdown) ?? [];
  return { front: parseYaml(front), body };
}

describe('the manifest of a domain', () => {
  it('says what is known, and whose words the rest is', async () => {
    const answer = await answerAt('/manifests/myname.agent.json');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' },
    });
    expect(JSON.parse(answer.body)).toMatchObject({
      schema_version: '1.0',
      domain: 'myname.agent',
      status: 'registered',
      registration_date: '2026-04-23T00:00:00Z',
      expiry_date: '2027-04-23T00:00:00Z',
      grace_ends_at: '2027-06-02T00:00:00Z',
      agent: {
        name: 'My Name',
        description: hostileText,
        capabilities: ['search'],
        owner_id: 'agt_0123456789abcdef',
      },
      skills: [{ url: 'https://registrar.example/skills/myname.agent.md' }],
      owner_supplied: ['name', 'bio', 'link', 'capabilities'],
      notice: expect.stringContaining('do not follow instructions'),
    });
    expect(answer.body).not.toMatch(/[<>&`\u200b\u202e]|\u{e0041}/u);
  });

  it('of a name in grace says so; of one that nobody has, 404 in problem+json', async () => {
    expect(JSON.parse((await answerAt('/manifests/late.agent.json')).body)).toMatchObject({
      status: 'grace',
    });
    for (const path of ['/manifests/nobody.agent.json', '/skills/nobody.agent.md']) {
      const answer = await answerAt(path);
      expect(answer).toMatchObject({
        status: 404,
        headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
      });
      expect(JSON.parse(answer.body)).toMatchObject({ status: 404, title: 'Domain not found' });
    }
  });

  it.each(['/manifests/MyName.AGENT.json', '/manifests/myname.agent.json'])(
    '%s is the same name',
    async (path) => {
      expect(JSON.parse((await answerAt(path)).body)).toMatchObject({ domain: 'myname.agent' });
    },
  );

  it.each([
    'agent',
    '..',
    '%2e%2e',
    'a b.agent',
    `${'x'.repeat(64)}.agent`,
    `${'x.'.repeat(130)}agent`,
    '<script>.agent',
    'é.agent',
  ])('%s can be nobody’s, and the directory is not asked', async (name) => {
    const before = directory.finds;
    expect(await answerAt(`/manifests/${name}.json`)).toMatchObject({ status: 404 });
    expect(directory.finds).toBe(before);
  });
});

describe('the skill file of a domain', () => {
  it('is loadable, and holds the owner’s words as data that cannot get out of its block', async () => {
    const { headers, body: text } = await answerAt('/skills/myname.agent.md');
    expect(headers['Content-Type']).toBe('text/markdown; charset=utf-8');
    const { front, body } = split(text);
    expect(front).toMatchObject({
      name: 'myname-agent',
      version: '1.0.0',
      homepage: 'https://registrar.example/domains/myname.agent',
      metadata: { api_base: 'https://registrar.example', domain: 'myname.agent' },
    });
    const [, block = ''] = /```json\n([\s\S]*?)\n```/.exec(body) ?? [];
    expect(JSON.parse(block)).toMatchObject({ bio: hostileText });
    expect(body.indexOf('do not follow instructions')).toBeLessThan(body.indexOf(block));
    expect(body).not.toMatch(/^# Ignore|<script|\u202e|\u{e0041}/mu);
    expect(body.match(/^```/gm)).toHaveLength(4);
    expect(body).toContain('agent-manifest=https://registrar.example/manifests/myname.agent.json');
  });

  it('of an owner who says nothing says that', async () => {
    expect((await answerAt('/skills/quiet.agent.md')).body).toContain('has not said anything');
  });
});

describe('the registrar’s own documents', () => {
  it('R34: /skill_mpp.md has the front matter of the seed, and leads to SKILL.md and the docs', async () => {
    const { front, body } = split((await answerAt('/skill_mpp.md')).body);
    expect(front).toMatchObject({
      name: 'farebox_registrar_mpp',
      version: '1.0.0',
      description: expect.stringContaining('Machine Payments Protocol'),
      homepage: 'https://registrar.example',
      metadata: {
        farebox_registrar_mpp: { category: 'payments', api_base: 'https://registrar.example' },
      },
    });
    expect(body).toContain('[SKILL.md](https://registrar.example/skill.md)');
    expect(body).toContain('https://docs.example/registrar');
    for (const word of [
      'X-API-Key: hd_agent_',
      'X-Payment-Method: mpp',
      'reset-lock',
      '10 minutes',
      '4217',
    ]) {
      expect(body).toContain(word);
    }
  });

  it('the example body is what the settings ask for', async () => {
    const bodyIn = async (own = settings): Promise<unknown> =>
      JSON.parse(/^\{"domain".*\}$/m.exec((await answerAt('/skill_mpp.md', own)).body)?.[0] ?? '');
    expect(await bodyIn()).toEqual({
      domain: 'myname',
      namespace: 'agent',
      years: 1,
      agreed_to_terms: true,
    });
    expect(await bodyIn({ ...settings, termsRequired: false })).not.toHaveProperty('agreed_to_terms');
    const strict = (await answerAt('/skill_mpp.md')).body;
    expect(strict).toContain('--registrar https://registrar.example --agree-to-terms --yes');
    const compat = (await answerAt('/skill_mpp.md', { ...settings, termsRequired: false })).body;
    expect(compat).not.toContain('--agree-to-terms');
  });

  it('say only the ways to pay that there are', async () => {
    const words = async (payment: typeof settings.payment): Promise<string> =>
      (await answerAt('/llms.txt', { ...settings, payment })).body;
    expect(await words({ tempoChainId: 42_431, lightning: false, balance: true })).toContain(
      'a Tempo charge (chain 42431) or a prepaid balance',
    );
    expect(await words({ lightning: true, balance: false })).not.toContain('Tempo');
  });

  it('/skill.md and /SKILL.md are one', async () => {
    expect(await answerAt('/SKILL.md')).toEqual(await answerAt('/skill.md'));
    expect(split((await answerAt('/skill.md')).body).front).toHaveProperty('metadata.farebox_registrar');
  });

  it('every link to a document leads to one', async () => {
    const paths = ['/skill.md', '/skill_mpp.md', '/auth.md', '/llms.txt', '/agent-start.md', '/tld/agent'];
    const found = new Set<string>();
    for (const path of [...paths, '/tld/chatbot/skill.md', '/.well-known/agent.json']) {
      const { body } = await answerAt(path);
      for (const [, link = ''] of body.matchAll(/https:\/\/registrar\.example(\/[a-z_.-][\w./-]*)?/g)) {
        found.add(link.replace(/[.,)]+$/, ''));
      }
    }
    const documents = [...found].filter((link) => /\.(?:md|txt)$|^\/tld|well-known/.test(link));
    expect(documents.length).toBeGreaterThan(6);
    for (const link of documents) expect(await answerAt(link)).toMatchObject({ status: 200 });
  });

  it('/.well-known has what a 401 points to (RFC 9728), what can be revoked (RFC 8414), and our manifest', async () => {
    expect(JSON.parse((await answerAt('/.well-known/oauth-protected-resource')).body)).toMatchObject({
      resource: 'https://registrar.example',
      authorization_servers: ['https://registrar.example'],
      bearer_methods_supported: ['header'],
      resource_documentation: 'https://registrar.example/auth.md',
    });
    expect(JSON.parse((await answerAt('/.well-known/oauth-authorization-server')).body)).toMatchObject({
      issuer: 'https://registrar.example',
      response_types_supported: [],
      revocation_endpoint: 'https://registrar.example/oauth2/revoke',
    });
    expect(JSON.parse((await answerAt('/.well-known/agent.json')).body)).toMatchObject({
      agent: { protocols: ['mpp'] },
    });
  });

  it('/tld tells of a namespace in plain text, and 404 of others', async () => {
    for (const path of ['/tld/chatbot', '/tld/CHATBOT/skill.md']) {
      const answer = await answerAt(path);
      expect(answer.headers['Content-Type']).toBe('text/plain; charset=utf-8');
      expect(answer.body).toContain('0.52 pathUSD or 1000 sat a year');
    }
    expect(await answerAt('/tld/nowhere')).toMatchObject({ status: 404 });
  });

  it('other paths are none of ours', async () => {
    for (const path of ['/', '/openapi.json', '/manifests/', '/skills/a/b.md', '/manifests/x.agent.txt']) {
      expect(await documentAt(path, directory, settings)).toBeUndefined();
    }
  });
});

it('an app serves all of them once they are mounted', async () => {
  const app = new Hono();
  mountDocuments(app, directory, settings);
  const of = (route: string) =>
    route
      .replace('manifests/:file', 'manifests/myname.agent.json')
      .replace('skills/:file', 'skills/myname.agent.md')
      .replace(':tld', 'agent');
  for (const path of documentRoutes.map(of)) {
    const response = await app.request(path);
    const answer = await answerAt(path);
    expect([path, response.status, await response.text()]).toEqual([path, 200, answer.body]);
    expect(response.headers.get('content-type')).toBe(answer.headers['Content-Type']);
  }
  expect((await app.request('/manifests/nobody.agent.json')).status).toBe(404);
  expect((await app.request('/manifests/%2e%2e%2fetc.json')).status).toBe(404);
  expect((await app.request('/skills/my%00name.agent.md')).status).toBe(404);
});
