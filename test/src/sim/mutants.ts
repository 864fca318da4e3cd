import type { Delivery, Gate } from '@farebox/gate';
import type { Claim, ClaimRequest, ClaimResult, Hold, Ledger, Swept } from '@farebox/ledger';
import { bindingInput, type JsonObject, parseCredential, serializeCredential } from '@farebox/protocol';
import { bodyDigest, createKeyring } from '@farebox/protocol/binding';
import { startExchange } from './exchange.js';
import type { Promised } from './facts.js';
import { type Parts, trueParts } from './gateways.js';
import { secret } from './shop.js';
import { type Row, Store } from './store.js';

/** A world with one part that is wrong on purpose. The simulator must see it. */
export interface Mutant {
  readonly name: string;
  readonly breaks: Promised;
  readonly parts: Parts;
}

const mutant = (breaks: Promised, name: string, parts: Partial<Parts>): Mutant => ({
  name,
  breaks,
  parts: { ...trueParts, ...parts },
});

/** A ledger that differs in some verbs. */
const ledgerWith = (verbs: (ledger: Ledger) => Partial<Ledger>): Partial<Parts> => ({
  wrapLedger: (ledger) => differing(ledger, verbs(ledger)),
});

/** The same object with some members of its own in front. */
function differing<T extends object>(whole: T, members: Partial<T>): T {
  return new Proxy(whole, {
    get(target, name) {
      const own: unknown = Reflect.get(members, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A gate whose decision is followed by something. */
const gateWith = (admit: (gate: Gate, ledger: Ledger) => Gate['admit']): Partial<Parts> => ({
  wrapGate: (gate, ledger) => ({ admit: admit(gate, ledger), attempt: gate.attempt, protect: gate.protect }),
});

class ForgetsReferences extends Store {
  override ofReference(): Row | undefined {
    return undefined;
  }
}

class WritesLess extends Store {
  protected override write(...[row, next, nowMs]: Parameters<Store['write']>): void {
    const { request } = row;
    const paid = { ...request.paid, amount: request.paid.amount - 1n };
    super.write({ ...row, request: { ...request, paid } }, next, nowMs);
  }
}

class BooksNoCredits extends Store {
  protected override book(...[from, to, amount]: Parameters<Store['book']>): void {
    if (to !== 'released') super.book(from, to, amount);
  }
}

class TakesOverTheLiving extends Store {
  override holdOf(...[row, holder, nowMs]: Parameters<Store['holdOf']>): Hold {
    const hold = super.holdOf(row, holder, nowMs);
    return hold === 'theirs' ? 'orphaned' : hold;
  }
}

class ExpiresWhatIsAtWork extends Store {
  override sweep(...[terms, holder]: Parameters<Store['sweep']>): Swept {
    for (const row of this.rows) {
      if (row.state !== 'claimed' || this.holdOf(row, holder, terms.nowMs) === 'orphaned') continue;
      this.write(row, { ...row, state: 'expired', attempts: row.attempts + 1 }, terms.nowMs);
    }
    return super.sweep(terms, holder);
  }
}

/** The claim that a credential would make, taken from the credential alone. */
function claimOfCredential(text: string | undefined, route: string): ClaimRequest | undefined {
  const parsed = parseCredential(text ?? '');
  if (!parsed.ok) return undefined;
  const { id, method, intent } = parsed.value.challenge;
  const paid = { amount: 3n, currency: 'sat' };
  const times = { expiresMs: 1, nowMs: 1 };
  return { challengeId: id, reference: id, method, intent, paid, route, resource: route, ...times };
}

/** Signs whatever the buyer echoes, for whatever the buyer asks. */
function signEcho(
  text: string,
  method: string,
  path: string,
  query: string,
  body: Uint8Array | undefined,
): string {
  const parsed = parseCredential(text);
  if (!parsed.ok) return text;
  const { digest: _digest, ...echo } = parsed.value.challenge;
  const opaque = Buffer.from(JSON.stringify({ method, path, query })).toString('base64url');
  const digest = body === undefined ? {} : { digest: bodyDigest(body) };
  const challenge = { ...echo, ...digest, opaque, realm: 'https://sim.example' };
  const id = createKeyring([secret]).sign(bindingInput(challenge));
  return serializeCredential({ ...parsed.value, challenge: { ...challenge, id } });
}

const text = (payload: JsonObject): string => String(payload.preimage);

const isHeld = (claim: Claim | undefined) => claim?.state === 'claimed' || claim?.state === 'unknown';

/** A bug of each invariant, and of some more than one. */
export const mutants: readonly Mutant[] = [
  mutant(1, 'a ledger that forgets whose payment it was', { makeStore: () => new ForgetsReferences() }),
  mutant(
    1,
    'a ledger that never says no to another delivery',
    ledgerWith((ledger) => ({
      redeliver: (seq, _max, nowMs) => ledger.redeliver(seq, 1_000, nowMs),
    })),
  ),
  mutant(
    1,
    'a ledger that gives a held claim away again',
    ledgerWith((ledger) => ({
      find: async (challengeId, key) => {
        const claim = await ledger.find(challengeId, key);
        return isHeld(claim) ? undefined : claim;
      },
      claim: async (request): Promise<ClaimResult> => {
        const result = await ledger.claim(request);
        if (result.ok || result.by !== 'challenge' || !isHeld(result.claim)) return result;
        return { ok: true, seq: result.claim.seq };
      },
    })),
  ),
  mutant(
    1,
    'a ledger that drops the mark of an answer that has left',
    ledgerWith(() => ({ answered: async () => {} })),
  ),
  mutant(
    2,
    'a ledger that says yes before it is on disk',
    ledgerWith((ledger) => ({
      deliver: async (request) => {
        ledger.deliver(request).catch(() => {});
        return { ok: true, seq: 1 };
      },
    })),
  ),
  mutant(2, 'a driver that sends before it commits', {
    startExchange: (parts) => {
      const { delivery, connection } = parts;
      const commit: Delivery['commit'] = async (status, answer) => {
        connection.begin(200, ['Payment-Receipt', 'e30']);
        return delivery.commit(status, answer);
      };
      return startExchange({ ...parts, delivery: differing(delivery, { commit }) });
    },
  }),
  mutant(2, 'a driver that puts a receipt on a failure', {
    startExchange: (parts) => {
      const { connection } = parts;
      const send = connection.send.bind(connection);
      connection.send = (status, headers, body) =>
        send(status, status >= 500 ? [...headers, 'Payment-Receipt', 'e30'] : headers, body);
      return startExchange(parts);
    },
  }),
  mutant('house', 'a ledger that takes over what the living hold', {
    makeStore: () => new TakesOverTheLiving(),
  }),
  mutant(
    3,
    'a ledger that does not know the answers it keeps',
    ledgerWith(() => ({ answer: async () => undefined })),
  ),
  mutant(3, 'a ledger that writes less than was paid', { makeStore: () => new WritesLess() }),
  mutant(3, 'a ledger that forgets to book credits', { makeStore: () => new BooksNoCredits() }),
  mutant(3, 'a sweep that expires a claim in work', { makeStore: () => new ExpiresWhatIsAtWork() }),
  mutant(
    3,
    'a sweep that does not wait for the credit window',
    ledgerWith((ledger) => ({ sweep: (terms) => ledger.sweep({ ...terms, redemptionWindowMs: 0 }) })),
  ),
  mutant(
    3,
    'a ledger that forgets to write credits',
    ledgerWith(() => ({ release: async () => ({ ok: true, seq: 1 }) })),
  ),
  mutant(
    3,
    'a ledger that never gives a lost answer again',
    ledgerWith((ledger) => ({ redeliver: (seq, _max, nowMs) => ledger.redeliver(seq, 0, nowMs) })),
  ),
  mutant(3, 'a driver that takes a cut for an answer', {
    startExchange: (parts) => {
      const { delivery } = parts;
      return startExchange({ ...parts, delivery: differing(delivery, { cut: () => delivery.answered() }) });
    },
  }),
  mutant(
    4,
    'a gate that uses a credential up by refusing it',
    gateWith((gate, ledger) => async (request, terms) => {
      const admission = await gate.admit(request, terms);
      const claim = claimOfCredential(request.credentials[0], terms.route);
      const elsewhere = admission.kind === 'refused' && admission.answer.status === 403;
      if (elsewhere && claim !== undefined) await ledger.deliver(claim).catch(() => {});
      return admission;
    }),
  ),
  mutant(
    5,
    'a ledger whose failure passes for a yes',
    ledgerWith((ledger) => ({
      deliver: (request, answer) => ledger.deliver(request, answer).catch(() => ({ ok: true, seq: 1 })),
      settle: (seq, nowMs, answer) => ledger.settle(seq, nowMs, answer).catch(() => {}),
    })),
  ),
  mutant(
    6,
    'a gate that writes challenges down before they are paid',
    gateWith((gate, ledger) => async (request, terms) => {
      const admission = await gate.admit(request, terms);
      const id =
        admission.kind === 'refused'
          ? /"challengeId":"([^"]+)"/.exec(String(admission.answer.body))?.[1]
          : undefined;
      const [offer] = terms.offers;
      if (request.credentials.length === 0 && id !== undefined && offer !== undefined) {
        const { method, intent, price } = offer;
        const named = { challengeId: id, reference: id, method, intent, paid: price };
        const rest = { route: terms.route, resource: request.path, expiresMs: 1, nowMs: 1 };
        await ledger.release({ ...named, ...rest }).catch(() => {});
      }
      return admission;
    }),
  ),
  mutant(7, 'a method that puts the proof into its refusal', {
    wrapSeller: (seller) => ({
      ...seller,
      verify: async (challenge, payload, context) => {
        const verified = await seller.verify(challenge, payload, context);
        if (verified.ok) return verified;
        return {
          ok: false,
          refusal: { ...verified.refusal, detail: JSON.stringify(challenge) + text(payload) },
        };
      },
    }),
  }),
  mutant(7, 'a method that puts the proof into its receipt', {
    wrapSeller: (seller) => ({
      ...seller,
      verify: async (challenge, payload, context) => {
        const verified = await seller.verify(challenge, payload, context);
        if (!verified.ok) return verified;
        return { ok: true, settlement: { ...verified.settlement, receiptFields: { proof: text(payload) } } };
      },
    }),
  }),
  mutant(7, 'a driver that forwards the credential', {
    startExchange: (parts) =>
      startExchange({
        ...parts,
        send: (sink, headers) => parts.send(sink, [...headers, 'Authorization', parts.token]),
      }),
  }),
  mutant(
    8,
    'a gate that trusts the echo',
    gateWith((gate) => (request, terms) => {
      const { method, path, query, body } = request;
      const signed = request.credentials.map((each) => signEcho(each, method, path, query, body));
      return gate.admit({ ...request, credentials: signed }, terms);
    }),
  ),
  mutant('liveness', 'a driver that gives up a failed request and never says so', {
    startExchange: (parts) =>
      startExchange({
        ...parts,
        delivery: differing(parts.delivery, { release: async () => true, cut: () => {} }),
      }),
  }),
];
