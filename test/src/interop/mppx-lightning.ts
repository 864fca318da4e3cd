import { createHash } from 'node:crypto';
import type { InvoiceNode, PayingNode } from '@farebox/lightning';
import { Credential, Errors, Method } from 'mppx';
import * as z from 'zod/mini';
import { payWith } from './market.js';

// mppx has no lightning of its own. This is the method of draft-lightning-charge-00, written for it as its own methods
// are, and with nothing of ours in it but the nodes that make and pay the invoices.

const charge = Method.from({
  name: 'lightning',
  intent: 'charge',
  schema: {
    credential: { payload: z.object({ preimage: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }) },
    request: z.object({
      amount: z.string().check(z.regex(/^[1-9][0-9]*$/)),
      currency: z.literal('sat'),
      description: z.optional(z.string()),
      methodDetails: z.optional(
        z.object({
          invoice: z.string(),
          network: z.optional(z.string()),
          paymentHash: z.optional(z.string()),
        }),
      ),
    }),
  },
});

/** The buyer's half: pays the invoice of the challenge and presents its preimage. */
export function mppxLightningClient(node: PayingNode) {
  return Method.toClient(charge, {
    async createCredential({ challenge }) {
      const { preimage } = await payWith(node, challenge.request.methodDetails?.invoice ?? '');
      return Credential.serialize({ challenge, payload: { preimage } });
    },
  });
}

/** The seller's half: an invoice for each challenge, and each preimage good for once. */
export function mppxLightningServer(node: InvoiceNode) {
  /** By payment hash: what was asked for and has not been used yet. */
  const open = new Map<string, { invoice: string; network: string; paymentHash: string }>();
  return Method.toServer(charge, {
    async request({ credential, request }) {
      // mppx calls this before it has checked the credential, so nothing of the echo may come back from here but a key
      // to what this seller has made itself. Whoever returns the echoed request instead sells at the buyer's price.
      const echoed = charge.schema.request.safeParse(credential?.challenge.request);
      const known = open.get(echoed.data?.methodDetails?.paymentHash ?? '');
      if (known !== undefined) return { ...request, methodDetails: known };
      const amountMsat = BigInt(request.amount) * 1_000n;
      const created = await node.createInvoice({ amountMsat, description: 'mppx', expirySeconds: 600 });
      const methodDetails = { ...created, network: 'regtest' };
      open.set(created.paymentHash, methodDetails);
      return { ...request, methodDetails };
    },
    async verify({ credential }) {
      const { id, request } = credential.challenge;
      const hash = createHash('sha256').update(credential.payload.preimage, 'hex').digest('hex');
      if (hash !== request.methodDetails?.paymentHash || !open.delete(hash)) {
        throw new Errors.VerificationFailedError({ reason: 'the preimage is not that of an open invoice' });
      }
      const timestamp = new Date().toISOString();
      return { method: 'lightning', reference: hash, status: 'success', timestamp, challengeId: id };
    },
  });
}
