import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'mppx';
import { McpClient } from 'mppx/mcp/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Terms } from '../index.js';
import { once, openRig, type Rig, safe } from '../testing/rig.js';
import { credentialMetaKey, receiptMetaKey, refusalMetaKey, sellTool } from './mcp.js';
import { connect, lowLevelTools, registeredTools } from './testing/mcp-tools.js';
import { mppxLightningBuyer } from './testing/mppx-lightning.js';

let rig: Rig;
let client: Client;
let calls: unknown[];
/** What the tool does, beside counting. */
let act: () => void | Promise<void>;
/** What the tool gives instead of a result; undefined: a result. */
let odd: { readonly given: unknown } | undefined;
beforeEach(async () => {
  rig = await openRig();
  rig.clock.nowMs = Date.now();
  calls = [];
  act = () => {};
  odd = undefined;
  client = new Client({ name: 'buyer', version: '1.0.0' });
});
afterEach(async () => {
  await client.close();
  await rig.close();
});

async function work(given: unknown) {
  calls.push(given);
  await act();
  if (odd !== undefined) return odd.given as never; // what a seller's JavaScript may give, whatever its types say
  return { content: [{ type: 'text' as const, text: `served ${JSON.stringify(given)}` }] };
}

async function openWith(tools: typeof registeredTools | typeof lowLevelTools, terms = safe): Promise<void> {
  await connect(tools(rig.gate, work, terms), client);
}

type Tool = {
  readonly name: string;
  readonly arguments?: Record<string, unknown>;
  readonly _meta?: Record<string, unknown>;
};

interface Refusal {
  readonly code: number;
  readonly data: {
    readonly httpStatus: number;
    readonly problem: Record<string, unknown>;
    readonly challenges?: (Record<string, unknown> & { readonly request: Record<string, unknown> })[];
    readonly failure?: { readonly reason: string };
  };
}

/** The JSON-RPC error of a call that must be refused. */
async function refused(tool: Tool): Promise<Refusal> {
  const outcome = await client.callTool(tool).catch((error: unknown) => error);
  if (!(outcome instanceof McpError)) throw new Error(`It was served: ${JSON.stringify(outcome)}`);
  return outcome as unknown as Refusal; // the SDK's error, whose data is ours
}

/** Pays the first challenge of a refusal, by hand and not by any library: the draft's own words. */
async function paid(tool: Tool): Promise<Tool & { readonly _meta: Record<string, unknown> }> {
  const { data } = await refused(tool);
  const [challenge] = data.challenges ?? [];
  if (challenge === undefined) throw new Error('no challenge');
  const details = challenge.request.methodDetails as { invoice: string }; // of draft-lightning-charge-00
  const payment = await rig.node.payInvoice({ invoice: details.invoice, maxFeeMsat: 0n, timeoutMs: 30_000 });
  if (payment.status !== 'succeeded') throw new Error('not paid');
  return { ...tool, _meta: { [credentialMetaKey]: { challenge, payload: { preimage: payment.preimage } } } };
}

const joke: Tool = { name: 'joke', arguments: { topic: 'sats', size: 1 } };
const states = async () =>
  Object.fromEntries((await rig.ledger.totals()).map(({ state, count }) => [state, count]));

describe.each([
  ['McpServer', registeredTools],
  ['Server', lowLevelTools],
] as const)('a tool of %s', (kind, tools) => {
  const open = (terms: Terms = safe) => openWith(tools, terms);

  it('asks for payment with -32042 and native JSON (draft-payment-transport-mcp-00 §"Payment Challenge")', async () => {
    await open();
    const { code, data } = await refused(joke);
    expect(code).toBe(-32042);
    expect(data.httpStatus).toBe(402);
    expect(data.problem).toMatchObject({
      type: 'https://paymentauth.org/problems/payment-required',
      status: 402,
    });
    expect(data.challenges).toMatchObject([
      {
        id: expect.stringMatching(/^[\w-]{43}$/),
        realm: 'https://api.example.com',
        method: 'lightning',
        intent: 'charge',
        request: { amount: '1', currency: 'sat' },
        expires: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
    expect(calls).toEqual([]);
  });

  it('serves a paid call once, with a receipt in _meta', async () => {
    await open();
    const call = await paid(joke);
    const result = await client.callTool(call);
    expect(result).toMatchObject({
      content: [{ text: 'served {"topic":"sats","size":1}' }],
      _meta: {
        [receiptMetaKey]: { status: 'success', method: 'lightning', challengeId: expect.any(String) },
      },
    });
    expect(await states()).toEqual({ answered: 1 });
    const again = await refused(call);
    expect(again.code).toBe(kind === 'Server' ? -32043 : -32042);
    expect(again.data.challenges).toHaveLength(1);
    expect(again.data.failure?.reason).toMatch(/unknown-challenge|invalid-challenge/);
    expect(calls).toHaveLength(1);
  });

  it('serves the same arguments in another order, and no others, and no other tool', async () => {
    await open();
    const call = await paid(joke);
    const other = await refused({ ...call, arguments: { topic: 'cats', size: 1 } });
    expect(other.data.failure).toBeDefined();
    const elsewhere = { ...call, name: 'weather' };
    if (kind === 'Server') {
      const { code, data } = await refused(elsewhere);
      expect(code).toBe(-32602);
      expect(data.problem.detail).toContain('Credential was issued for /joke, not /weather');
    } else {
      expect(await client.callTool(elsewhere)).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('issued for /joke, not /weather') }],
        _meta: { [refusalMetaKey]: { httpStatus: 403 } },
      });
    }
    expect(calls).toEqual([]);
    await client.callTool({ ...call, arguments: { size: 1, topic: 'sats' } });
    expect(calls).toHaveLength(1);
  });

  it('refuses what is no credential, or proves nothing', async () => {
    await open();
    const { challenge } = (await paid(joke))._meta[credentialMetaKey] as {
      challenge: Record<string, unknown>;
    };
    for (const credential of [
      1,
      'Payment abc',
      [],
      {},
      { challenge: 1 },
      { challenge: { ...challenge, request: 'e30' } },
    ]) {
      const { code, data } = await refused({ ...joke, _meta: { [credentialMetaKey]: credential } });
      expect(code).toBe(kind === 'Server' ? -32602 : -32042);
      expect(data.problem.title).toBe('Malformed Credential');
    }
    const forged = { challenge, payload: { preimage: '00'.repeat(32) } };
    const cheap = { ...forged, challenge: { ...challenge, request: { amount: '0', currency: 'sat' } } };
    for (const credential of [forged, cheap]) {
      const { code, data } = await refused({ ...joke, _meta: { [credentialMetaKey]: credential } });
      expect(code).toBe(kind === 'Server' ? -32043 : -32042);
      expect(data.failure).toBeDefined();
      expect(JSON.stringify(data)).not.toContain('00'.repeat(32));
    }
    expect(calls).toEqual([]);
  });

  it('serves one of 50 presentations at once', async () => {
    await open();
    const call = await paid(joke);
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => client.callTool(call)));
    const served = results.filter((each) => each.status === 'fulfilled' && each.value.isError !== true);
    expect(served).toHaveLength(1);
    expect(calls).toHaveLength(1);
  });

  it('is bought by the McpClient of mppx', async () => {
    await open();
    const buyer = McpClient.wrap(client, { methods: [mppxLightningBuyer(rig.node)] });
    const result = await buyer.callTool({ name: 'joke', arguments: { topic: 'sats' } });
    expect(result).toMatchObject({ receipt: { status: 'success', method: 'lightning' } });
    expect(await states()).toEqual({ answered: 1 });
  });

  it('leaves a credit when the tool throws', async () => {
    await open();
    const call = await paid(joke);
    act = () => {
      throw new Error('broken');
    };
    const failed = await client.callTool(call).catch((error: unknown) => error);
    expect(JSON.stringify(failed)).not.toContain(receiptMetaKey);
    expect(await states()).toEqual({ released: 1 });
    act = () => {};
    expect(await client.callTool(call)).toHaveProperty(['_meta', receiptMetaKey]);
  });

  it('does not repeat a once tool that threw', async () => {
    await open(once);
    const call = await paid(joke);
    act = () => {
      throw new Error('broken');
    };
    await client.callTool(call).catch(() => {});
    expect(await states()).toEqual({ unknown: 1 });
    const again = await client.callTool(call).catch((error: unknown) => error);
    expect(JSON.stringify(again instanceof McpError ? again.data : again)).toContain('"retry":"resume"');
    expect(calls).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'served'],
    ['a list', [{ type: 'text', text: 'served' }]],
    ['what JSON cannot say', { content: [], structuredContent: { size: 1n } }],
  ])('takes %s for an error that was thrown', async (_what, given) => {
    await open();
    const call = await paid(joke);
    odd = { given };
    const failed = await client.callTool(call).catch((error: unknown) => error);
    expect(JSON.stringify(failed)).not.toContain(receiptMetaKey);
    expect(await states()).toEqual({ released: 1 });
    odd = undefined;
    expect(await client.callTool(call)).toHaveProperty(['_meta', receiptMetaKey]);
    expect(await states()).toEqual({ answered: 1 });

    await client.close();
    client = new Client({ name: 'buyer', version: '1.0.0' });
    await open(once);
    const other = await paid({ name: 'weather', arguments: { topic: 'sun' } });
    odd = { given };
    await client.callTool(other).catch(() => {});
    expect(await states()).toEqual({ answered: 1, unknown: 1 });
  });

  it('gives the kept result of a once tool to whoever lost it', async () => {
    await open(once);
    const call = await paid(joke);
    const leaving = new AbortController();
    const called = new Promise<void>((resolve) => {
      act = async () => {
        resolve();
        await expect.poll(() => leaving.signal.aborted, { timeout: 30_000 }).toBe(true);
      };
    });
    const lost = client.callTool(call, undefined, { signal: leaving.signal }).catch(() => 'lost');
    await called;
    leaving.abort();
    expect(await lost).toBe('lost');
    await expect.poll(states, { timeout: 30_000 }).toEqual({ cut: 1 });
    expect(await client.callTool(call)).toMatchObject({
      content: [{ text: 'served {"topic":"sats","size":1}' }],
      _meta: { [receiptMetaKey]: { status: 'success' } },
    });
    expect(calls).toHaveLength(1);
  });
});

describe('a tool of McpServer', () => {
  it('may have no arguments, and does not charge for a result that is an error', async () => {
    await openWith(registeredTools);
    expect(await client.callTool(await paid({ name: 'bare' }))).toHaveProperty(['_meta', receiptMetaKey]);
    odd = { given: { content: [], _meta: { [receiptMetaKey]: { status: 'success' } } } };
    const result = await client.callTool(await paid({ name: 'refuses' }));
    expect(result.isError).toBe(true);
    expect(result).not.toHaveProperty(['_meta', receiptMetaKey]);
    expect(await states()).toEqual({ answered: 1, released: 1 });
  });

  it('says how it is paid when a client connects (§"MCP Capability Advertisement")', async () => {
    await openWith(registeredTools);
    expect(client.getServerCapabilities()?.experimental).toEqual({
      payment: { methods: { lightning: { intents: ['charge'] } } },
    });
  });

  it('refuses arguments that are too large before anybody is asked to pay', async () => {
    const server = new McpServer({ name: 'shop', version: '1.0.0' });
    const tool = { name: 'joke', McpError, argumentsBytesMax: 20 };
    server.registerTool('joke', { inputSchema: { topic: z.string() } }, sellTool(rig.gate, safe, tool, work));
    await connect(server, client);
    expect(await client.callTool({ name: 'joke', arguments: { topic: 'x'.repeat(20) } })).toMatchObject({
      isError: true,
      _meta: { [refusalMetaKey]: { httpStatus: 413 } },
    });
  });
});
