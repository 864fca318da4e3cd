import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { PayingNode, PaymentRequest, PaymentState } from '@farebox/lightning';

/** Lets another process pay with a node of this one: the node outlives whoever is killed. */
export async function serveNode(node: PayingNode): Promise<{ url: string; close: () => Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    const asked = await buffer(request).catch(() => undefined);
    // Who asks may be killed in the middle of it.
    if (asked === undefined) return;
    // Written by RemoteNode just below.
    const { verb, argument } = JSON.parse(asked.toString()) as {
      verb: string;
      argument: string;
    };
    const state =
      verb === 'pay' ? await node.payInvoice(revive(argument)) : await node.trackPayment(argument);
    response.end(JSON.stringify(state, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url, close };
}

function revive(text: string): PaymentRequest {
  // Written by RemoteNode just below.
  const { invoice, maxFeeMsat, timeoutMs } = JSON.parse(text) as {
    invoice: string;
    maxFeeMsat: string;
    timeoutMs: number;
  };
  return { invoice, maxFeeMsat: BigInt(maxFeeMsat), timeoutMs };
}

/** The other end of {@link serveNode}. */
export class RemoteNode implements PayingNode {
  readonly capabilities = { msat: true, feeCap: true, cancel: false, track: true, hold: false };
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  info() {
    return Promise.resolve({ kind: 'remote', network: 'regtest' } as const);
  }

  payInvoice(request: PaymentRequest): Promise<PaymentState> {
    return this.#call('pay', JSON.stringify({ ...request, maxFeeMsat: String(request.maxFeeMsat) }));
  }

  trackPayment(paymentHash: string): Promise<PaymentState> {
    return this.#call('track', paymentHash);
  }

  balance() {
    return Promise.resolve({ spendableMsat: 0n, receivableMsat: 0n });
  }

  close() {
    return Promise.resolve();
  }

  async #call(verb: string, argument: string): Promise<PaymentState> {
    const response = await fetch(this.#url, { method: 'POST', body: JSON.stringify({ verb, argument }) });
    const text = (await response.text()).replace(/"(\d+)n"/g, '$1');
    // Written by serveNode just above; the fee becomes a bigint again.
    const state = JSON.parse(text) as PaymentState;
    return state.status === 'succeeded' ? { ...state, feeMsat: BigInt(state.feeMsat) } : state;
  }
}
