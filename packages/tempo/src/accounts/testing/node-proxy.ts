import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one call of a node on its way. */
export type Fate = 'pass' | 'lose-request' | 'lose-reply';

/** A node's JSON-RPC with a bad line before it. */
export interface NodeProxy {
  readonly url: string;
  /** Every method that was asked for, in order. */
  readonly asked: string[];
  /** Decides about each call; passes all of them when not set. */
  decide: (method: string) => Fate;
  close(): Promise<void>;
}

/** Forwards each call to a real node, or loses it before or after the node has carried it out. */
export async function startNodeProxy(nodeUrl: string): Promise<NodeProxy> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const call: unknown = JSON.parse(body);
    const method =
      typeof call === 'object' && call !== null && 'method' in call && typeof call.method === 'string'
        ? call.method
        : '';
    asked.push(method);
    const fate = proxy.decide(method);
    if (fate === 'lose-request') return void request.socket.destroy();
    const answer = await fetch(nodeUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const text = await answer.text();
    if (fate === 'lose-reply') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // An address of a TCP server is never a path.
  const { port } = server.address() as AddressInfo;
  const proxy: NodeProxy = {
    url: `http://127.0.0.1:${port}`,
    asked,
    decide: () => 'pass',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
