import { createHash } from 'node:crypto';
import { Method } from 'mppx';
import { Mppx } from 'mppx/server';
import * as z from 'zod/mini';
import { terms } from '../terms.js';
import { invoiceRequest, openMerchant } from './merchant.js';

const lightning = Method.from({
  name: 'lightning',
  intent: 'charge',
  schema: {
    credential: { payload: z.object({ preimage: z.string() }) },
    request: z.object({
      amount: z.string(),
      currency: z.string(),
      description: z.optional(z.string()),
      methodDetails: z.optional(
        z.object({ invoice: z.string(), network: z.string(), paymentHash: z.string() }),
      ),
    }),
  },
});

/** What an mppx handler is, as far as it is used here. */
export type Charge = (
  request: Request,
) => Promise<
  | { readonly status: 402; readonly challenge: Response }
  | { readonly status: 200; withReceipt(response: Response): Response }
>;

/**
 * An mppx handler that sells one request as Farebox does: an invoice of the same node, the same sha256 check of the
 * preimage, single use. Single use is in memory: unlike Farebox's, it does not survive a restart, and there is no
 * durability to pay for. It is also spared what mppx does not do of itself: the invoice is not decoded or checked,
 * and the challenge is bound to no resource.
 */
export function createCharge(): Charge {
  const merchant = openMerchant();
  const used = new Set<string>();
  const seller = Method.toServer(lightning, {
    async request({ credential, request }) {
      if (credential) {
        // What mppx's hook is given is the unverified echo: it must be rebuilt, and is compared by mppx afterwards.
        const echoed = lightning.schema.request.parse(credential.challenge.request);
        return { ...request, methodDetails: echoed.methodDetails };
      }
      const { invoice, paymentHash } = await merchant.createInvoice(invoiceRequest);
      return { ...request, methodDetails: { invoice, network: 'regtest', paymentHash } };
    },
    async verify({ credential }) {
      const { id, request } = credential.challenge;
      const hash = createHash('sha256').update(credential.payload.preimage, 'hex').digest('hex');
      if (hash !== request.methodDetails?.paymentHash) throw new Error('The preimage does not fit.');
      if (used.has(id)) throw new Error('The credential has been used.');
      used.add(id);
      return { method: 'lightning', reference: hash, status: 'success', timestamp: new Date().toISOString() };
    },
  });
  const mppx = Mppx.create({ methods: [seller], secretKey: terms.secret, realm: terms.realm });
  return mppx.charge({
    amount: String(terms.priceSat),
    currency: 'sat',
    description: terms.description,
    expires: new Date(Date.now() + terms.challengeLifeMs).toISOString(),
  });
}
