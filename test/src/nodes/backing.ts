import { randomBytes } from 'node:crypto';
import { type DevnetNode, startDevnet } from '@farebox/devnet';
import { type CreatedInvoice, encodeInvoice, type InvoiceRequest, NodeError } from '@farebox/lightning';

/** How the node behind a facade lies about the next invoices, or fails. */
export type Lie = 'amount' | 'hash' | 'network' | 'disk-full';

/** What the router of the devnet takes for each payment. */
export const routerFeeMsat = 1_000n;

/** The devnet that stands behind a facade: wallet → router → merchant, and a merchant that lies when told to. */
export interface Backing {
  /** Makes invoices for the facade; what the seller's side of a facade asks. */
  readonly merchant: DevnetNode;
  /** Pays for the facade; what the buyer's side of a facade asks. */
  readonly wallet: DevnetNode;
  /** The same two, for the counterparty: they never lie. */
  readonly honest: { readonly merchant: DevnetNode; readonly wallet: DevnetNode };
  /** From now on; undefined for the truth. */
  lie(lie: Lie | undefined): void;
  close(): Promise<void>;
}

/** Starts the devnet that stands behind a facade. */
export async function startBacking(): Promise<Backing> {
  const devnet = await startDevnet({ router: true });
  let told: Lie | undefined;
  const merchant = lying(devnet.merchant, () => told);
  return {
    merchant,
    wallet: devnet.wallet,
    honest: { merchant: devnet.merchant, wallet: devnet.wallet },
    lie: (lie) => {
      told = lie;
    },
    close: () => devnet.close(),
  };
}

/** The node itself, but for the invoices that it makes. */
function lying(node: DevnetNode, told: () => Lie | undefined): DevnetNode {
  const createInvoice = async (request: InvoiceRequest): Promise<CreatedInvoice> => {
    const lie = told();
    if (lie === 'disk-full')
      throw new NodeError('node_misbehaved', 'write /data/channel.db: no space left on device');
    if (lie === 'network') return mainnetInvoice(request);
    if (lie === 'amount') return node.createInvoice({ ...request, amountMsat: request.amountMsat + 1_000n });
    const made = await node.createInvoice(request);
    return lie === 'hash' ? { ...made, paymentHash: randomBytes(32).toString('hex') } : made;
  };
  return new Proxy(node, {
    get: (target, key) => {
      if (key === 'createInvoice') return createInvoice;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A well-formed invoice of nobody, for the main network. Nothing can be paid with it. */
function mainnetInvoice(request: InvoiceRequest): CreatedInvoice {
  const paymentHash = randomBytes(32).toString('hex');
  const invoice = encodeInvoice(
    {
      network: 'mainnet',
      amountMsat: request.amountMsat,
      timestamp: Math.floor(Date.now() / 1000),
      paymentHash,
      paymentSecret: randomBytes(32).toString('hex'),
      description: request.description,
      expirySeconds: request.expirySeconds,
      features: [8, 14],
    },
    randomBytes(32),
  );
  if (!invoice.ok) throw new Error(invoice.detail);
  return { invoice: invoice.value, paymentHash };
}
