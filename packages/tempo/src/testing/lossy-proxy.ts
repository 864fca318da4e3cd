import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one call on its way to a node and back. */
export type Fate =
  | 'pass'
  /** The node never hears of it. */
  | 'lose-request'
  /** The node carries it out, and nobody hears of it. */
  | 'lose-reply'
  /** The node carries it out, and the answer comes when it is too late: never. */
  | 'hold-reply'
  /** Something that is no JSON, with status 200. */
  | 'garbage'
  /** A gateway before the node that is in trouble. */
  | 'http-502'
  /** The node has nothing to say yet: as one that is a block behind. */
  | 'no-result'
  /** The refusal of a transaction whose nonce is used up, also where that transaction itself has used it. */
  | 'nonce-too-low'
  /** The refusal of a transaction that is among the node's waiting ones. */
  | 'already-known'
  /** The answer to another question. */
  | 'other-answer'
  /** More bytes than anybody reads. */
  | 'flood';

/** A bad line to a node. */
export interface LossyProxy {
  readonly url: string;
  /** Decides about each call; everything passes at first. */
  decide: (method: string) => Fate;
  /** Which node is behind it. */
  target: string;
  close(): Promise<void>;
}

const refusals = {
  'nonce-too-low': 'nonce too low: next nonce 1, tx nonce 0',
  'already-known': 'already known',
};

function methodOf(body: string): string {
  const call: unknown = JSON.parse(body);
  return typeof call === 'object' && call !== null && 'method' in call ? String(call.method) : '';
}

async function forward(target: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(target, { method: 'POST', headers, body });
  return answer.text();
}

function mangle(fate: Fate, answer: string, response: ServerResponse): void {
  switch (fate) {
    case 'garbage':
      response.end('<html>soon back</html>');
      return;
    case 'http-502':
      response.writeHead(502).end(answer);
      return;
    case 'no-result':
      response.end(JSON.stringify({ ...JSON.parse(answer), result: null }));
      return;
    case 'nonce-too-low':
    case 'already-known': {
      const { id } = JSON.parse(answer);
      const error = { code: -32_000, message: refusals[fate] };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, error }));
      return;
    }
    case 'other-answer':
      response.end(JSON.stringify({ ...JSON.parse(answer), id: -1 }));
      return;
    case 'flood':
      response.end(JSON.stringify({ ...JSON.parse(answer), noise: 'x'.repeat(5 * 1024 * 1024) }));
      return;
    case 'hold-reply':
      return;
    case 'lose-reply':
      response.destroy();
      return;
    default:
      response.end(answer);
  }
}

/** Starts one before a node. */
export async function startLossyProxy(target: string): Promise<LossyProxy> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const fate = proxy.decide(methodOf(body));
    if (fate === 'lose-request') {
      response.destroy();
      return;
    }
    try {
      mangle(fate, await forward(proxy.target, body), response);
    } catch {
      response.destroy(); // The node is down.
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // An address of a TCP server is never a path.
  const { port } = server.address() as AddressInfo;
  const proxy: LossyProxy = {
    url: `http://127.0.0.1:${port}`,
    decide: () => 'pass',
    target,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

/** Gives a fate to the first so many calls of a method, and lets everything else pass. */
export function fateOf(method: string, fate: Fate, times = 1): (method: string) => Fate {
  let left = times;
  return (called) => (called === method && left-- > 0 ? fate : 'pass');
}
