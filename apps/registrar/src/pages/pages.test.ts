import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hostileText, settings } from '../documents/testing/settings.js';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { domainPage, freeNamePage, recordsShownMax, unknownNamePage } from './domain-page.js';
import { searchPage } from './search-page.js';

const directory = new MemoryDirectory('agent');
const results = [
  { domain: 'myname.agent', available: true, prices: ['0.52 pathUSD', '1000 sat'] },
  { domain: 'myname.chatbot', available: false, reason: 'Registered on 2026-04-23', prices: [] },
];
const hostile = directory.put('bad.agent', {
  profile: {
    name: hostileText,
    bio: hostileText,
    link: 'javascript:alert(1)',
    pfp: 'https://img.example/"><script>alert(1)</script>',
    capabilities: [hostileText],
  },
  records: [['<b>', 'TXT', hostileText]],
});

/** Every page there is, with hostile text wherever text of others goes. */
const pages = {
  home: searchPage(settings, { query: '', results: [] }),
  search: searchPage(settings, { query: 'myname', results }),
  nothing: searchPage(settings, { query: hostileText, results: [] }),
  problem: searchPage(settings, { query: hostileText, results: [], problem: hostileText }),
  registered: domainPage(settings, hostile),
  grace: domainPage(settings, directory.put('late.agent', { status: 'grace' })),
  free: freeNamePage(settings, { domain: 'myname.agent', available: true, prices: ['0.52 pathUSD'] }),
  unknown: unknownNamePage(settings, hostileText, 'This is not a name.'),
};

describe.each(Object.entries(pages))('the page %s', (_, page) => {
  it('runs no script and loads nothing, and its policy allows its own style only', () => {
    const policy = page.headers['Content-Security-Policy'] ?? '';
    const style = /<style>([\s\S]*?)<\/style>/.exec(page.body)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${digest}'`,
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(page.body).not.toMatch(/<script|<img|<iframe|<b>|\son\w+=|style="|javascript:[^<]*"/i);
    expect(page.headers).toMatchObject({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' });
  });

  it('can be used without seeing it: language, one heading, landmarks, labels, no doubled id', () => {
    expect(page.body).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page.body.match(/<h1>/g)).toHaveLength(1);
    for (const landmark of ['<header>', '<main id="main">', '<footer>', '<nav aria-label=']) {
      expect(page.body).toContain(landmark);
    }
    const ids = [...page.body.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [input] of page.body.matchAll(/<input[^>]*>/g)) {
      expect(page.body).toContain(`<label for="${/\sid="([^"]+)"/.exec(input)?.[1]}"`);
    }
    // Every element that is opened is closed.
    const open: string[] = [];
    for (const [, end, tag = ''] of page.body.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (end === '/') expect(open.pop()).toBe(tag);
      else if (!['meta', 'link', 'input'].includes(tag)) open.push(tag);
    }
    expect(open).toEqual([]);
  });
});

describe('what the pages say', () => {
  it('the search shows what is free, at what price, and why the rest is not', () => {
    expect(pages.search.status).toBe(200);
    expect(pages.search.body).toContain('1 of 2 free for myname');
    expect(pages.search.body).toContain('0.52 pathUSD or 1000 sat a year');
    expect(pages.search.body).toContain('Registered on 2026-04-23');
    expect(pages.search.body).toContain('href="/domains/myname.agent"');
    expect(pages.search.body).toContain('<form class="ask" action="/search" method="get"');
    expect(pages.problem.status).toBe(400);
    expect(pages.problem.body).toContain('aria-invalid="true"');
  });

  it('a domain shows its dates, documents, records, and the owner’s words as theirs', () => {
    const { body } = pages.registered;
    expect(body).toContain('<time datetime="2027-04-23T00:00:00Z">2027-04-23</time>');
    expect(body).toContain('href="/manifests/bad.agent.json"');
    expect(body).toContain('agent-manifest=https://registrar.example/manifests/bad.agent.json');
    expect(body).toContain('The owner wrote this');
    expect(body).toContain('javascript:alert(1)');
    expect(body).not.toContain('href="javascript');
    expect(body).toMatch(/<a href="https:\/\/img\.example\/[^"<>]*" rel="nofollow ugc noopener noreferrer">/);
    expect(body).not.toContain('\u202e');
    expect(pages.grace.body).toContain('Expired');
  });

  it('a free name says how it is bought', () => {
    const command = 'farebox domains register myname.agent --registrar https://registrar.example';
    expect(pages.free.body).toContain(`${command}\n${command} --agree-to-terms --yes`);
    expect(pages.free.body).toContain('https://registrar.example/api/v1/domains/register');
    expect(pages.free.body).toContain(
      '{&quot;domain&quot;:&quot;myname&quot;,&quot;namespace&quot;:&quot;agent&quot;',
    );
    expect(pages.unknown.status).toBe(404);
  });

  it('a name that is not for sale says why, and not how', () => {
    const reserved = { domain: 'admin.agent', available: false, reason: 'Reserved Name', prices: ['1 sat'] };
    const page = freeNamePage(settings, reserved);
    expect(page.status).toBe(404);
    expect(page.body).toContain('Reserved Name');
    expect(page.body).not.toMatch(/farebox domains register|Free<|1 sat/);
  });

  it('a domain of many records shows so many', () => {
    const records = Array.from({ length: recordsShownMax + 7 }, (_, at) => [`r${at}`, 'TXT', 'x'] as const);
    const { body } = domainPage(settings, directory.put('many.agent', { records }));
    expect(body).toContain('And 7 more.');
    expect(body).not.toContain(`r${recordsShownMax}<`);
  });
});
