import type { TempoDevnet } from '@farebox/devnet/tempo';
import {
  type Challenge,
  decodeRequest,
  type Problem,
  parseChallenges,
  parseReceipt,
  serializeCredential,
} from '@farebox/protocol';
import {
  httpRpc,
  newPrivateKey,
  ownAccount,
  type TempoAccount,
  tempoBuyer,
  tempoChain,
} from '@farebox/tempo';
import type { Rig } from './rig.js';

/** An answer, read. */
export interface Read {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What is asked beside the path. */
export interface Ask {
  readonly method?: string;
  readonly json?: unknown;
  readonly text?: string;
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the registrar. Redirects are not followed. */
export async function ask(rig: Pick<Rig, 'url'>, path: string, options: Ask = {}): Promise<Read> {
  const { json, text, key, headers = {} } = options;
  const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(rig.url + path, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key === undefined ? {} : { 'X-API-Key': key }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const said = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(said) : { text: said },
  };
}

/** A new agent: id and key. */
export async function newAgent(
  rig: Pick<Rig, 'url'>,
): Promise<{ readonly id: string; readonly key: string; readonly claim: string }> {
  const { status, body } = await ask(rig, '/agent/auth', { json: { name: 'a test' } });
  if (status !== 201) throw new Error(`No agent: ${JSON.stringify(body)}`);
  return { id: String(body.agent_id), key: String(body.api_key), claim: String(body.claim_code) };
}

/** The challenges of an answer, by payment method. */
export function challengeOf({ headers, status, body }: Read, method: string): Challenge {
  const found = parseChallenges([headers.get('www-authenticate') ?? '']).challenges;
  const challenge = found.find((each) => each.method === method);
  if (challenge === undefined)
    throw new Error(`No ${method} challenge in ${status}: ${JSON.stringify(body)}`);
  return challenge;
}

/** Pays over Lightning; what goes into `Authorization`. */
export async function payLightning(rig: Pick<Rig, 'node'>, answer: Read): Promise<string> {
  const challenge = challengeOf(answer, 'lightning');
  const details = decodeRequest(challenge.request)?.methodDetails;
  const invoice =
    typeof details === 'object' && details !== null && 'invoice' in details ? details.invoice : '';
  const paid = await rig.node.payInvoice({ invoice: String(invoice), maxFeeMsat: 0n, timeoutMs: 1_000 });
  if (paid.status !== 'succeeded') throw new Error(`Not paid: ${paid.status}`);
  return serializeCredential({ challenge, payload: { preimage: paid.preimage } });
}

/** An account on the chain with money. */
export async function fundedAccount(chain: TempoDevnet, amount = 100_000_000n): Promise<TempoAccount> {
  const account = ownAccount({ privateKey: newPrivateKey() });
  await chain.fund(account.address, amount);
  return account;
}

/** Signs a Tempo payment; what goes into `Authorization`. Nothing moves until it is presented. */
export async function signTempo(chain: TempoDevnet, account: TempoAccount, answer: Read): Promise<string> {
  const challenge = challengeOf(answer, 'tempo');
  const rpc = httpRpc({ url: chain.url });
  const { pathUsd } = chain.tokens;
  const buyer = tempoBuyer({
    account,
    chain: tempoChain(rpc),
    chainId: chain.chainId,
    currencies: [pathUsd],
  });
  const limit = { amount: 1_000_000_000n, currency: pathUsd };
  const signed = await buyer.pay(challenge, {
    maxAmount: limit,
    maxFee: limit,
    deadlineMs: Date.now() + 60_000,
  });
  rpc.close();
  if (signed.kind !== 'paid') throw new Error(`Not signed: ${signed.detail}`);
  const source = signed.source === undefined ? {} : { source: signed.source };
  return serializeCredential({ challenge, payload: signed.payload, ...source });
}

/** The receipt of an answer. */
export function receiptOf({ headers, status, body }: Read) {
  const receipt = parseReceipt(headers.get('payment-receipt') ?? '');
  if (!receipt.ok) throw new Error(`No receipt in ${status}: ${JSON.stringify(body)}`);
  return receipt.value;
}

/** The problem of an answer. */
export function problemIn({ body, headers }: Read): Problem {
  if (headers.get('content-type') !== 'application/problem+json') throw new Error('This is no problem.');
  return body as Problem; // what problem+json is
}

export const registerPath = '/api/v1/domains/register';
