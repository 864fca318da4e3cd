import type { Claim } from '@farebox/ledger';
import type { Child } from './processes.js';
import type { Purchase, StormClient } from './storm-client.js';
import { routes, type World } from './world.js';

/** What became of all that was paid. */
export interface StormAudit {
  /** Everything that must not be. Empty, or a fault of ours. */
  readonly violations: readonly string[];
  readonly paid: number;
  /** The client had it while gateways were being killed. */
  readonly delivered: number;
  /** The credential was good when everything was quiet. */
  readonly redeemed: number;
  /** On `once` routes: the upstream may have acted and nobody knows, so nothing is repeated; a person decides. */
  readonly held: number;
  readonly lost: number;
  /** Paid, served or executed once more than is right. Each is a violation as well. */
  readonly doubled: number;
  readonly presentations: number;
  /** Presentations that a kill broke off. */
  readonly broken: number;
  readonly upstreamHits: number;
  /** Claims in the ledger by state. */
  readonly claims: Readonly<Record<string, number>>;
}

/** What an audit looks at. */
export interface StormParts {
  readonly world: World;
  readonly clients: readonly StormClient[];
  /** What the wallet's node had at the beginning. */
  readonly balanceMsat: bigint;
  /** The gateways that run now. They are ended by the audit. */
  readonly alive: readonly Child[];
  /** Every gateway there ever was. */
  readonly written: readonly Child[];
}

/** How often the audit presents one credential: a dead gateway's lease must run out before others take over. */
const auditPresentationsMax = 60;
/** Between two of them, milliseconds. */
const auditPauseMs = 500;

/** Looks at everything that was paid: by the clients, the upstream, the nodes, the ledger and its books. */
export async function auditStorm(parts: StormParts): Promise<StormAudit> {
  const { world, clients, alive } = parts;
  const violations = clients.flatMap((client) => client.violations);
  const bought = clients.flatMap((client) => client.purchases.map((purchase) => ({ client, purchase })));
  const counts = { delivered: 0, redeemed: 0, held: 0, lost: 0 };
  const doubles: string[] = [];
  world.goods.workMs = 0;
  for (const { client, purchase } of bought) counts[await redeem(client, purchase, violations)]++;
  for (const { client, purchase } of bought) await replayAsThief(client, purchase, doubles);
  for (const { purchase } of bought) checkHits(world, purchase, doubles);
  await Promise.all(alive.map((gateway) => gateway.kill('SIGTERM')));
  const purchases = bought.map(({ purchase }) => purchase);
  await checkMoney(parts, purchases, violations);
  const claims = await checkLedger(world, purchases, violations);
  const ids = new Set(purchases.map(({ challenge }) => challenge.id));
  if (ids.size !== purchases.length) doubles.push('one challenge was paid twice');
  checkOutput(parts.written, purchases, violations);
  for (const leak of world.goods.leaks) violations.push(`upstream: got ${leak}`);
  return {
    violations: [...violations, ...doubles],
    paid: purchases.length,
    ...counts,
    doubled: doubles.length,
    presentations: purchases.reduce((sum, { presentations }) => sum + presentations, 0),
    broken: purchases.reduce((sum, { broken }) => sum + broken, 0),
    upstreamHits: world.goods.hits.length,
    claims,
  };
}

async function redeem(
  client: StormClient,
  purchase: Purchase,
  violations: string[],
): Promise<'delivered' | 'redeemed' | 'held' | 'lost'> {
  if (purchase.served > 0) return 'delivered';
  for (let left = auditPresentationsMax; left > 0; left--) {
    if (await client.present(purchase)) break;
    await new Promise((resolve) => setTimeout(resolve, auditPauseMs));
  }
  if (purchase.served > 0) return 'redeemed';
  if (purchase.route === 'once' && purchase.told === '409 outcome-unknown') return 'held';
  violations.push(`${purchase.path}: LOST: paid, and its credential gets ${purchase.told}`);
  return 'lost';
}

/** Whoever has seen a credential that was used up, and does not know its key, gets nothing for it. */
async function replayAsThief(client: StormClient, purchase: Purchase, doubles: string[]): Promise<void> {
  if (purchase.served === 0) return;
  const stolen = { ...purchase, key: undefined, served: 0 };
  await client.present(stolen);
  // A kill between the last byte and its mark leaves the answer to be given once more, and then no more.
  if (stolen.served > 0) {
    const again = { ...stolen, served: 0 };
    for (let left = 5; left > 0 && again.served === 0; left--) {
      if (await client.present(again)) break;
    }
    if (again.served > 0) doubles.push(`${purchase.path}: served again after an answer had left`);
  }
}

function checkHits(world: World, { path, route, presentations }: Purchase, doubles: string[]): void {
  const hits = world.goods.hitsOf(path).length;
  const most = route === 'once' ? 1 : presentations + 7;
  if (hits > most) doubles.push(`${path}: the upstream was asked ${hits} times, at most ${most} are right`);
}

/** What left the wallet's node is what was bought, and the merchant's node has it. */
async function checkMoney(
  { world, balanceMsat }: StormParts,
  purchases: readonly Purchase[],
  violations: string[],
): Promise<void> {
  const { spendableMsat } = await world.wallet.balance();
  const price = purchases.reduce((sum, { route }) => sum + routes[route].priceSat * 1_000n, 0n);
  if (balanceMsat - spendableMsat !== price)
    violations.push(`wallet: ${balanceMsat - spendableMsat} msat left it, ${price} were for purchases`);
}

/** Every purchase has been presented by now, so the ledger has exactly these, and its books say so to the satoshi. */
async function checkLedger(
  world: World,
  purchases: readonly Purchase[],
  violations: string[],
): Promise<Record<string, number>> {
  const reader = await world.openReader();
  const claims = new Map<string, Claim>();
  for await (const claim of reader.claims()) claims.set(claim.challengeId, claim);
  const states: Record<string, number> = {};
  for (const { state } of claims.values()) states[state] = (states[state] ?? 0) + 1;
  if (claims.size !== purchases.length)
    violations.push(`ledger: ${claims.size} claims for ${purchases.length} purchases`);
  for (const { challenge, route, path, served } of purchases) {
    const claim = claims.get(challenge.id);
    const state = claim?.state ?? 'absent';
    if (claim?.paid.amount !== routes[route].priceSat)
      violations.push(`${path}: another amount in the ledger`);
    const right = served > 0 ? ['delivered', 'answered', 'cut'] : ['claimed', 'unknown'];
    if (!right.includes(state))
      violations.push(`${path}: served ${served} times, and ${state} in the ledger`);
    const invoice = await world.merchant.lookupInvoice(claim?.reference ?? '');
    if (invoice?.status !== 'settled') violations.push(`${path}: a claim whose invoice is not settled`);
  }
  const { faults, partial } = await reader.audit();
  for (const fault of faults)
    violations.push(`books: ${fault.account} has ${fault.booked}, the claims say ${fault.claimed}`);
  if (partial) violations.push('books: claims were removed');
  await reader.close();
  return states;
}

/** No gateway has written a proof down where people look. */
function checkOutput(written: readonly Child[], purchases: readonly Purchase[], violations: string[]): void {
  const all = written.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  for (const { preimage, path } of purchases)
    if (all.includes(preimage)) violations.push(`${path}: its preimage was written out`);
}
