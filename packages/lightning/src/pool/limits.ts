import type { CallRate } from './pace.js';

/** Default for the invoices that are kept ready for one price and description. */
export const shelfSizeDefault = 32;
/** Most invoices that are kept ready in all. More are not made; those that are wanted are made when they are. */
export const pooledInvoicesMax = 2_048;
/** Most prices and descriptions for which invoices are kept ready. The one asked for longest ago makes room. */
export const shelvesMax = 256;
/**
 * How long an invoice is kept ready at a node that can cancel it. It is made to live as much longer than its challenge, and
 * what is left of that is taken back by cancelling it when the challenge is over.
 */
export const pooledAgeMsMaxDefault = 10 * 60_000;
/** The same at a node that cannot cancel: there a buyer who is late can pay for nothing for so much longer. */
export const pooledAgeMsMaxUncancellable = 60_000;
/** Default rate at which the node is asked for invoices, those that a request waits for and those for the pool alike. */
export const mintRateDefault: CallRate = { perSecond: 100, burst: 500 };
/** Most invoices that the node is asked for at the same time. */
export const mintsAtOnceMax = 16;
/** Most requests that wait for an invoice; more are refused at once. */
export const waitersMax = 1_024;
/** How long a request waits for its turn. Less than a seller waits for its invoice: nothing is made for nobody. */
export const waitMsMax = 4_000;
/** How long the pool is not filled up after the node failed; twice as long after each further failure. */
export const failurePauseMsMin = 1_000;
/** Longest of those pauses. */
export const failurePauseMsMax = 60_000;
/** How long nothing may be heard of the node before it is asked whether it is there, while invoices are wanted. */
export const contactAgeMsMax = 5_000;
/** How long it may take to say so. */
export const contactTimeoutMs = 4_000;
/** Default rate at which the node is asked to cancel. */
export const cancelRateDefault: CallRate = { perSecond: 20, burst: 20 };
/** Most invoices that are remembered so as to be cancelled when they are over. The oldest are left to expire. */
export const cancellationsMax = 20_000;
/** How long a node may take to cancel one. */
export const cancelTimeoutMs = 5_000;
/** How long closing waits for what was never given out to be cancelled. The rest expires. */
export const closeTimeoutMs = 5_000;
