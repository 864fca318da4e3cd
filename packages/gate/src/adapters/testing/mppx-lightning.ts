import type { PaperNode } from '@farebox/lightning/paper';
import { Credential, Method, z } from 'mppx';

/** The lightning method as a third party would write it for mppx: nothing of ours in it but the node that pays. */
export const lightningCharge = Method.from({
  name: 'lightning',
  intent: 'charge',
  schema: {
    credential: { payload: z.object({ preimage: z.string() }) },
    request: z.object({
      amount: z.string(),
      currency: z.string(),
      description: z.optional(z.string()),
      methodDetails: z.object({ invoice: z.string(), network: z.string(), paymentHash: z.string() }),
    }),
  },
});

/** mppx's buyer, paying with a paper node. */
export function mppxLightningBuyer(node: PaperNode) {
  return Method.toClient(lightningCharge, {
    async createCredential({ challenge }) {
      const { invoice } = challenge.request.methodDetails;
      const payment = await node.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 30_000 });
      if (payment.status !== 'succeeded') throw new Error(`not paid: ${payment.status}`);
      return Credential.serialize({ challenge, payload: { preimage: payment.preimage } });
    },
  });
}
