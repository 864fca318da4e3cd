import type { BuyerMethod } from '@farebox/protocol';
import { httpRpc, ownAccount, tempoBuyer, tempoChain } from '@farebox/tempo';
import { createWallet, type Journal, readAll } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';

// A buyer of its own process, on a real Tempo chain, that kills itself at a point of its work: `before` or `after` a
// write of the journal, a signature, a question to the chain, a request.

const { CRASH_AT, SELLER_URL = '', RPC_URL = '', TOKEN = '', JOURNAL_PATH = '', RESUME } = process.env;
const { PRIVATE_KEY = '' } = process.env;

function point(name: string): void {
  // SIGKILL: no handler, no flush, as if the power had gone.
  if (CRASH_AT === name) process.kill(process.pid, 'SIGKILL');
}

function around<T>(name: string, work: () => T): T {
  point(`before ${name}`);
  const result = work();
  point(`after ${name}`);
  return result;
}

async function aroundAsync<T>(name: string, work: () => Promise<T>): Promise<T> {
  point(`before ${name}`);
  const result = await work();
  point(`after ${name}`);
  return result;
}

const inner = openJournal({ path: JOURNAL_PATH });
const journal: Journal = {
  plan: (...args) => around('planned', () => inner.plan(...args)),
  replan: (...args) => inner.replan(...args),
  move: (...args) => around(args[2], () => inner.move(...args)),
  settle: (...args) => around('settled', () => inner.settle(...args)),
  renew: (...args) => inner.renew(...args),
  findOver: (...args) => inner.findOver(...args),
  standing: (...args) => inner.standing(...args),
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

function hex(text: string): `0x${string}` {
  return `0x${text.replace(/^0x/, '')}`;
}

const chain = tempoChain(httpRpc({ url: RPC_URL }));
const account = ownAccount({ privateKey: hex(PRIVATE_KEY) });
const tempo = tempoBuyer({ account, chain, chainId: 4217, currencies: [hex(TOKEN)] });
const method: BuyerMethod = {
  method: tempo.method,
  intent: tempo.intent,
  settlesOnPresentation: tempo.settlesOnPresentation,
  inspect: (...args) => tempo.inspect(...args),
  pay: (...args) => aroundAsync('signing', () => tempo.pay(...args)),
  resume: (...args) => aroundAsync('asking', () => tempo.resume(...args)),
};

let requests = 0;
const crashingFetch: typeof fetch = async (...args) => {
  requests += 1;
  const count = requests;
  return aroundAsync(`request ${count}`, () => fetch(...args));
};

const limits = {
  max: { amount: 1_000_000n, currency: TOKEN },
  maxFee: { amount: 100_000n, currency: TOKEN },
};
// A dead process's last words may be on their way for a moment; resuming comes later.
const now = RESUME === undefined ? Date.now : () => Date.now() + 5_000;
const wallet = createWallet({ methods: [method], journal, fetch: crashingFetch, limits, now });
if (RESUME === undefined) {
  const result = await wallet.pay({ url: SELLER_URL, headers: { 'X-Order': '1' } });
  await readAll(result.answer, 1_000);
} else {
  for await (const report of wallet.resumeAll()) {
    if (report.ok && report.result.kind === 'delivered') await readAll(report.result.answer, 1_000);
  }
}
process.exit(0);
