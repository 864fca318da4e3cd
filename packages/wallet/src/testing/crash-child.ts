import { lightningBuyer } from '@farebox/lightning';
import type { BuyerMethod } from '@farebox/protocol';
import { readAll } from '../answer.js';
import type { Journal } from '../journal.js';
import { openJournal } from '../journal-sqlite.js';
import { createWallet } from '../wallet.js';
import { RemoteNode } from './remote-node.js';

/** Where the child kills itself: `before` or `after` a step of the journal, or around what is outside of it. */
const { CRASH_AT, SELLER_URL, NODE_URL, JOURNAL_PATH } = process.env;
if (SELLER_URL === undefined || NODE_URL === undefined || JOURNAL_PATH === undefined)
  throw new Error('not configured');

function point(name: string): void {
  // SIGKILL: no handler, no flush, as if the power had gone.
  if (CRASH_AT === name) process.kill(process.pid, 'SIGKILL');
}

const inner = openJournal({ path: JOURNAL_PATH });
const journal: Journal = {
  plan: (plan, nowMs) => {
    point('before planned');
    const result = inner.plan(plan, nowMs);
    point('after planned');
    return result;
  },
  replan: (...args) => inner.replan(...args),
  findOver: (...args) => inner.findOver(...args),
  standing: (...args) => inner.standing(...args),
  move: (id, from, to, changes, nowMs) => {
    point(`before ${to}`);
    const entry = inner.move(id, from, to, changes, nowMs);
    point(`after ${to}`);
    return entry;
  },
  settle: (...args) => inner.settle(...args),
  renew: (...args) => inner.renew(...args),
  find: (id) => inner.find(id),
  findByReference: (reference) => inner.findByReference(reference),
  list: (options) => inner.list(options),
  each: (filter) => inner.each(filter),
  prune: (...args) => inner.prune(...args),
  unfinished: () => inner.unfinished(),
  credits: (fingerprint) => inner.credits(fingerprint),
  ownerIsGone: (entry) => inner.ownerIsGone(entry),
  isOwn: (entry) => inner.isOwn(entry),
  close: () => inner.close(),
};

const lightning = lightningBuyer({ node: new RemoteNode(NODE_URL), network: 'regtest' });
const method: BuyerMethod = {
  method: 'lightning',
  intent: 'charge',
  inspect: (...args) => lightning.inspect(...args),
  resume: (...args) => lightning.resume(...args),
  pay: async (...args) => {
    point('before the node pays');
    const outcome = await lightning.pay(...args);
    point('after the node paid');
    return outcome;
  },
};

let requests = 0;
const crashingFetch: typeof fetch = async (...args) => {
  requests += 1;
  point(`before request ${requests}`);
  const response = await fetch(...args);
  point(`after answer ${requests}`);
  return response;
};

const wallet = createWallet({ methods: [method], journal, fetch: crashingFetch });
const result = await wallet.pay({
  url: SELLER_URL,
  method: 'POST',
  body: '{"order":1}',
  headers: { 'X-Order': '1' },
});
await readAll(result.answer, 1_000);
