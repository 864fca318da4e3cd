import type { InvoiceNode } from '@farebox/lightning';
import { Mppx, Request as MppxRequest } from 'mppx/server';
import { secret } from './market.js';
import { mppxLightningServer } from './mppx-lightning.js';
import { type Asked, type Listening, listen } from './upstream.js';

/** A seller that knows nothing of Farebox: node:http and mppx. */
export interface MppxSeller extends Listening {
  /** Every request, unpaid ones too. */
  readonly asked: Asked[];
}

/** How an {@link MppxSeller} asks for its money. */
export interface MppxSellerOptions {
  /** Asks for the credential in `Payment-Authorization`. */
  readonly requiresAuth?: boolean;
  readonly description?: string;
}

/** Starts a seller that sells every GET and POST for 3 sat. */
export async function startMppxSeller(
  node: InvoiceNode,
  options: MppxSellerOptions = {},
): Promise<MppxSeller> {
  const asked: Asked[] = [];
  const mppx = Mppx.create({
    methods: [mppxLightningServer(node)],
    secretKey: secret,
    realm: 'mppx.example.com',
    requiresAuth: options.requiresAuth,
  });
  const charge = mppx.charge({
    amount: '3',
    currency: 'sat',
    description: options.description ?? 'one note',
  });
  const listener = MppxRequest.toNodeListener(async (request) => {
    const { pathname, search } = new URL(request.url);
    const line = `${request.method} ${pathname}${search}`;
    const body = await request.clone().text();
    asked.push({ line, headers: Object.fromEntries(request.headers), body });
    const result = await charge(request);
    if (result.status === 402) return result.challenge;
    return result.withReceipt(Response.json({ served: line, body }));
  });
  return { ...(await listen(listener)), asked };
}
