import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { only } from '../testing/run.js';
import { readDomain } from './domain-name.js';
import { madeIdentity } from './made-identity.js';
import { quoteOrder } from './quote.js';
import { doneDomains, failedDomains, runDomains } from './testing/run-domains.js';

// A registrar that is badly made, or means badly. What it says is shown as data, or refused; what it gets is bounded.

let home = '';
let origin = '';
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
const asked: IncomingMessage[] = [];
const server = createServer((request, response) => {
  asked.push(request);
  answer(request, response);
});

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-hostile-registrar-'));
  asked.length = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(home, { recursive: true, force: true });
});

const environment = () => ({ FAREBOX_REGISTRAR: origin, FAREBOX_REGISTRAR_KEY: 'hd_agent_0123456789' });
const order = {
  kind: 'register',
  domain: readDomain('myname.agent'),
  years: 1,
  agreed: false,
  gems: false,
} as const;
const json = (value: unknown, status = 200) => {
  answer = (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
};

describe('what is no answer', () => {
  it('R20, R21: a redirect is not followed, and a page is no success', async () => {
    answer = ({ url }, response) => {
      if (url === '/search') response.end('followed');
      else response.writeHead(302, { location: '/search' }).end();
    };
    const redirected = await failedDomains(home, ['list'], environment());
    expect(redirected).toMatchObject({ error: { code: 'malformed_replay' }, status: 302, exitCode: 1 });
    expect(asked.map(({ url }) => url)).toEqual(['/api/v1/my-domains']);
    answer = (_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html>');
    };
    const page = await failedDomains(home, ['list'], environment());
    expect(page).toMatchObject({ error: { code: 'malformed_replay' }, status: 200, exitCode: 1 });
  });

  it('an answer without end is not read to its end', async () => {
    answer = (_request, response) => {
      response.setHeader('content-type', 'application/json');
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    };
    expect(await failedDomains(home, ['list'], environment())).toMatchObject({
      error: { code: 'answer_too_large' },
    });
  });
});

describe('what it says', () => {
  it('cannot steer a terminal, nor name a price that is none', async () => {
    json({ type: 'about:blank', title: 'No', detail: 'go\u001b[2J to\nhttps://evil.example' }, 403);
    const { stderr } = await runDomains(home, ['list', '--json'], environment());
    expect(Object(only(stderr).error).message).toContain('go [2J to https://evil.example');
    for (const amount of ['-1', '1e9', '0x10', '', 'free', null]) {
      json({ status: 'quoted', price: { amount } });
      await expect(quoteOrder({ origin, key: 'hd_agent_0123456789' }, order)).rejects.toMatchObject({
        code: 'quote_unreadable',
      });
    }
  });

  it('is told without the key, wherever it repeats it', async () => {
    json({ status: 'success', agent_id: 'agt_1', api_key: 'hd_agent_0123456789', data: { api_key: 'x' } });
    const me = await doneDomains(home, ['key', 'show'], environment());
    expect(me).toMatchObject({ agentId: 'agt_1', file: null });
    expect(JSON.stringify(me)).not.toContain('hd_agent');
  });
});

describe('the key that it gives', () => {
  it('is kept only if it can be sent, under a name that stays in its folder', async () => {
    const { FAREBOX_REGISTRAR } = environment();
    for (const key of ['two words', 'line\nbreak', 'k'.repeat(600), 'short', 7]) {
      expect(madeIdentity({ api_key: key, agent_id: '../../evil' })).toBeUndefined();
    }
    json({ api_key: 'two words' });
    const refused = await failedDomains(home, ['key', 'create'], { FAREBOX_REGISTRAR });
    expect(refused).toMatchObject({ error: { code: 'key_unreadable' } });
    expect(existsSync(join(home, 'registrars'))).toBe(false);
    json({ data: { api_key: 'hd_agent_good_one', agent_id: `../../${'e'.repeat(5_000)}` } });
    const made = await doneDomains(home, ['key', 'create'], { FAREBOX_REGISTRAR });
    expect(JSON.stringify(made)).not.toContain('hd_agent_good_one');
    expect(readFileSync(String(made.file), 'utf8')).toContain('hd_agent_good_one');
    expect(readdirSync(home)).toEqual(['registrars']);
    // And it is not written over.
    const again = await failedDomains(home, ['key', 'create'], { FAREBOX_REGISTRAR });
    expect(again).toMatchObject({ error: { code: 'key_exists' } });
  });
});

it('plain http to another machine gets neither key nor order', async () => {
  const words = ['register', 'myname.agent', '--yes', '--registrar', 'http://registrar.example'];
  expect(await failedDomains(home, words, environment())).toMatchObject({
    error: { code: 'insecure_url' },
    exitCode: 5,
  });
});
