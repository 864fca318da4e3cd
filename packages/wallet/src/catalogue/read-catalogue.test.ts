import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogueBytesMax } from './entry.js';
import { readLlmsTxt } from './llms-txt.js';
import { readOrigin } from './origin.js';
import { readCatalogues } from './read-catalogue.js';

type Page = (request: IncomingMessage, response: ServerResponse) => void;
let pages: Readonly<Record<string, Page>> = {};
let seen: IncomingMessage['headers'][] = [];
let server: Server;
let origin = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request.headers);
    const page = pages[request.url ?? ''];
    if (page) page(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const openApi = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Bitcoin data', version: '1' },
  paths: {
    '/v1/price': {
      get: {
        summary: 'Price',
        'x-payment-info': { intent: 'charge', method: 'lightning', amount: '1', currency: 'sat' },
      },
    },
  },
});
const send =
  (type: string, text: string): Page =>
  (_request, response) =>
    void response.setHeader('content-type', type).end(text);

async function read(given: Readonly<Record<string, Page>>, timeoutMs?: number) {
  pages = given;
  seen = [];
  const [service] = await readCatalogues([origin], timeoutMs === undefined ? {} : { timeoutMs });
  if (service === undefined) throw new Error('no service');
  return service;
}

describe('what one origin publishes', () => {
  it('prices from openapi.json, words from llms.txt', async () => {
    const service = await read({
      '/openapi.json': send('application/json', openApi),
      '/llms.txt': send('text/plain', '# Name\n> What it is for\n- [Docs](/docs): all of it\n'),
    });
    expect(service).toMatchObject({
      origin,
      title: 'Bitcoin data',
      summary: 'What it is for',
      links: [{ title: 'Docs', url: `${origin}/docs` }],
      entries: [{ url: `${origin}/v1/price`, description: 'Price' }],
      remarks: [],
    });
    // Nobody is told who asks.
    for (const headers of seen)
      expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined]);
  });

  it.each<[string, Page, string]>([
    ['that is not there', (_request, response) => void response.writeHead(404).end(), '404'],
    ['that is a web page', send('text/html', '<html>'), 'says nothing'],
    ['that is too large', send('application/json', ' '.repeat(catalogueBytesMax + 1)), 'larger than'],
    [
      'elsewhere',
      (_request, response) => void response.writeHead(302, { location: 'https://evil.example/' }).end(),
      'not followed',
    ],
    [
      'that breaks off',
      (_request, response) =>
        void response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy()),
      'cannot be reached',
    ],
    ['that is no JSON', send('application/json', '{'), 'no JSON object'],
    [
      'without prices',
      send('application/json', '{"openapi":"3.1.0","paths":{}}'),
      'nothing that is paid for',
    ],
  ])('a document %s is a remark', async (_name, page, words) => {
    const { entries, remarks } = await read({ '/openapi.json': page });
    expect(entries).toEqual([]);
    expect(remarks.join()).toContain(words);
  });

  it('a document that never comes is given up', async () => {
    const { remarks } = await read({ '/openapi.json': () => undefined }, 50);
    expect(remarks.join()).toContain('did not come within');
  });

  it('an origin that does not answer hides no other', async () => {
    pages = { '/openapi.json': send('application/json', openApi) };
    const services = await readCatalogues(['http://127.0.0.1:1', origin, origin]);
    expect(services.map(({ entries }) => entries.length)).toEqual([0, 1]);
  });
});

describe('llms.txt', () => {
  it('gives title, summary and links, and nothing that is no web address', () => {
    const text =
      '# A\u001b[1m\n> B\n## C\n- [ok](https://x.example/a)\n- [no](javascript:alert(1))\n* [also](/rel): text\n- plain\n';
    expect(readLlmsTxt(text, 'https://api.example.com/llms.txt')).toMatchObject({
      title: expect.stringMatching(/^A/),
      summary: 'B',
      links: [
        { title: 'ok', url: 'https://x.example/a' },
        { title: 'also', url: 'https://api.example.com/rel' },
      ],
      entries: [],
    });
  });
});

describe('origins', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['api.example.com', 'https://api.example.com'],
    [' https://api.example.com/v1/price?x=1#y ', 'https://api.example.com'],
    ['http://127.0.0.1:8402', 'http://127.0.0.1:8402'],
    ['http://shop.example', undefined],
    ['ftp://shop.example', undefined],
    ['https://a:b@shop.example', undefined],
    ['', undefined],
    ['two words', undefined],
  ])('%s', (text, expected) => {
    expect(readOrigin(text)).toBe(expected);
  });
});
