import { connectDevnet } from '../client.js';

// Another process: pays one invoice with each side of the devnet where the arguments say it is.

const [url = '', token = ''] = process.argv.slice(2);
const merchant = connectDevnet({ url, token, role: 'merchant' });
const wallet = connectDevnet({ url, token, role: 'wallet' });
const before = await wallet.balance();
const { invoice, paymentHash } = await merchant.createInvoice({
  amountMsat: 1000n,
  description: 'from another process, regtest',
  expirySeconds: 600,
});
const open = await merchant.lookupInvoice(paymentHash);
const paid = await wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 60_000 });
const report = {
  open,
  paymentHash,
  paid,
  tracked: await wallet.trackPayment(paymentHash),
  settled: await merchant.lookupInvoice(paymentHash),
  movedMsat: before.spendableMsat - (await wallet.balance()).spendableMsat,
  ids: [(await merchant.info()).nodeId, (await wallet.info()).nodeId],
};
process.stdout.write(
  JSON.stringify(report, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)),
);
await merchant.close();
await wallet.close();
