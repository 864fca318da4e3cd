import { text } from 'node:stream/consumers';
import { type Listening, listen } from './upstream.js';

/** A line to a Tempo node, which counts what is asked of it. */
export interface NodeLine extends Listening {
  /** The methods that were asked for, in their order. */
  readonly asked: string[];
  /** How many of the next questions for a receipt are answered as by a node that has not seen the block yet. */
  blind: number;
}

/** One question; batches count as one. */
function readCall(body: string): { readonly id: unknown; readonly method: string } {
  const call: unknown = JSON.parse(body);
  const known = typeof call === 'object' && call !== null && 'id' in call && 'method' in call;
  return known ? { id: call.id, method: String(call.method) } : { id: null, method: 'batch' };
}

/** Passes everything on to the node. */
export async function startNodeLine(nodeUrl: string): Promise<NodeLine> {
  const asked: string[] = [];
  const line = await listen(async (request, response) => {
    const body = await text(request);
    const { id, method } = readCall(body);
    asked.push(method);
    response.setHeader('content-type', 'application/json');
    if (method === 'eth_getTransactionReceipt' && state.blind-- > 0) {
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: null }));
      return;
    }
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(nodeUrl, { method: 'POST', headers, body });
    response.end(await answer.text());
  });
  const state: NodeLine = { ...line, asked, blind: 0 };
  return state;
}
