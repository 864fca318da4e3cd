import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRpcClient, type RpcClient } from './rpc-client.js';
import { type Facade, reply, rpcPassword, startFacade } from './testing/facade.js';
import { tip } from './testing/recordings.js';
import { createUnspentScanner } from './unspent-scan.js';

const nothing = {
  result: `{"success":true,"height":170,"bestblock":"${tip.hash}","unspents":[],"total_amount":0}`,
};
let node: Facade;
let rpc: RpcClient;

beforeEach(async () => {
  node = await startFacade();
  rpc = createRpcClient({ url: node.url, user: 'me', password: rpcPassword });
});

afterEach(() => node.close());

describe('the scanner', () => {
  it('runs one scan at a time', async () => {
    let running = 0;
    let most = 0;
    node.behave('scantxoutset', (answer) => {
      running += 1;
      most = Math.max(most, running);
      setImmediate(() => {
        running -= 1;
        reply(answer, nothing);
      });
    });
    const scanner = createUnspentScanner(rpc);
    await Promise.all(['a', 'b', 'c', 'a', 'b', 'c'].map((address) => scanner.scan(address)));
    expect(most).toBe(1);
    expect(node.calls).toEqual(
      ['a', 'b', 'c'].map((address) => `scantxoutset ["start",["addr(${address})"]]`),
    );
  });

  it('lets eight wait, and goes on after one that failed', async () => {
    const scanner = createUnspentScanner(rpc);
    node.behave('scantxoutset', (answer, params) => {
      if (JSON.stringify(params).includes('addr(0)')) answer.destroy();
      else reply(answer, nothing);
    });
    const scans = Array.from({ length: 8 }, (_, n) => scanner.scan(String(n)));
    await expect(scanner.scan('8')).rejects.toMatchObject({ status: 503, code: 'scan-busy' });
    await expect(scans[0]).rejects.toMatchObject({ code: 'node-unreachable' });
    expect((await Promise.all(scans.slice(1))).map(({ height }) => height)).toEqual(Array(7).fill(170));
    expect(await scanner.scan('8')).toMatchObject({ height: 170, unspents: [] });
  });

  it('stops a scan in the node that takes too long', async () => {
    node.behave('scantxoutset', (answer, params) => {
      if (JSON.stringify(params) === '["abort"]') reply(answer, { result: 'true' });
    });
    const started = 'scantxoutset ["start",["addr(a)"]]';
    // On a busy machine a scan may take too long before the node has heard of it: the next one is given more time.
    let calls: readonly string[] = [];
    for (let lifeMs = 50; calls[0] !== started; lifeMs *= 4) {
      const before = node.calls.length;
      const scan = createUnspentScanner(rpc, lifeMs).scan('a');
      await expect(scan).rejects.toMatchObject({ code: 'node-timeout' });
      calls = node.calls.slice(before);
    }
    expect(calls).toEqual([started, 'scantxoutset ["abort"]']);
  });

  it('does not stop a scan of somebody else', async () => {
    node.behave('scantxoutset', (answer) =>
      reply(answer, { status: 500, error: { code: -8, message: 'Scan already in progress' } }),
    );
    await expect(createUnspentScanner(rpc).scan('a')).rejects.toMatchObject({ status: 503 });
    expect(node.calls).toHaveLength(1);
  });

  it('takes no answer of a scan that was stopped', async () => {
    node.behave('scantxoutset', (answer) =>
      reply(answer, { result: nothing.result.replace('true', 'false') }),
    );
    await expect(createUnspentScanner(rpc).scan('a')).rejects.toMatchObject({
      code: 'node-answer-malformed',
    });
  });
});
