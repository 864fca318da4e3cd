import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type DevnetServer, serveDevnet, writeDevnetFile } from '@farebox/devnet';
import { parseReceipt } from '@farebox/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../house.js';
import { type Market, openMarket } from './market.js';

// R60: a person with a shell. What pays the invoice and what builds the credential are the two small commands; the
// challenge is fetched, and the answer is bought, with curl.

const hasCurl = spawnSync('curl', ['--version']).status === 0;

const recipe = `
  challenge=$(curl -si "$@" | tr -d '\\r' | sed -n 's/^[Ww][Ww][Ww]-[Aa]uthenticate: //p')
  request=$(printf '%s' "$challenge" | sed -n 's/.*[ ,]request="\\([^"]*\\)".*/\\1/p')
  invoice=$(printf '%s==' "$request" | tr '_-' '/+' | base64 -d 2>/dev/null | sed -n 's/.*"invoice":"\\([a-z0-9]*\\)".*/\\1/p')
  farebox pay invoice "$invoice" --yes --plain |
    farebox pay credential --challenge "$challenge" --preimage - |
    sed 's/^/Authorization: /' | curl -si -H @- "$@"`;

let market: Market;
let server: DevnetServer;
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'farebox-shell-'));
  market = await openMarket();
  server = await serveDevnet(market.devnet);
  await writeDevnetFile(home, { url: server.url, token: server.token });
});
afterAll(async () => {
  await server.close();
  await market.close();
  await rm(home, { recursive: true });
});
beforeEach(() => {
  market.upstream.asked.length = 0;
});

/** Runs the recipe with these arguments for curl, and gives the header section and the body of the paid answer. */
async function buy(
  ...words: string[]
): Promise<{ status: string; fields: Headers; body: string; said: string }> {
  const bin = join(root, 'apps/farebox/bin/farebox.js');
  const script = `farebox() { '${process.execPath}' '${bin}' "$@"; }\n${recipe}`;
  const shell = spawn('sh', ['-c', script, 'sh', ...words], { env: { ...process.env, FAREBOX_HOME: home } });
  const [answer, said] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const [status = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf(': ');
    return [line.slice(0, at), line.slice(at + 2)];
  });
  return { status, fields: new Headers(pairs), body, said };
}

describe.skipIf(!hasCurl)('a plain shell with curl at our gateway (skipped without curl)', () => {
  it('buys a GET', async () => {
    const cost = await market.cost(async () => {
      const { status, fields, body, said } = await buy(`${market.url}/v1/price?in=usd`);
      expect([status, said]).toEqual(['HTTP/1.1 200 OK', '']);
      expect(JSON.parse(body)).toEqual({ served: 'GET /v1/price?in=usd', body: '' });
      expect(parseReceipt(fields.get('payment-receipt') ?? '').ok).toBe(true);
    });
    expect(cost).toBe(1_000n);
  });

  it('buys a POST with a JSON body', async () => {
    const note = JSON.stringify({ text: 'Grüße' });
    const cost = await market.cost(async () => {
      const type = 'Content-Type: application/json';
      const { status, body, said } = await buy(
        '-X',
        'POST',
        '-H',
        type,
        '--data-binary',
        note,
        `${market.url}/v1/notes`,
      );
      expect([status, said]).toEqual(['HTTP/1.1 200 OK', '']);
      expect(JSON.parse(body)).toEqual({ served: 'POST /v1/notes', body: note });
    });
    expect(cost).toBe(2_000n);
    expect(market.upstream.asked).toHaveLength(1);
  });
});
