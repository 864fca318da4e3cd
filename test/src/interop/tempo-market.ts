import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { createGate } from '@farebox/gate';
import { openSqliteLedger } from '@farebox/ledger';
import type { Offer } from '@farebox/protocol';
import {
  type Address,
  accessKeyAccount,
  createTempoSeller,
  httpRpc,
  type KeyGrant,
  newPrivateKey,
  ownAccount,
  registerKey,
  signKeyAuthorization,
  type TempoAccount,
  type TempoSeller,
  type TempoSellerOptions,
  type TokenTerms,
  tempoBuyer,
  tempoChain,
} from '@farebox/tempo';
import { createWallet, type Wallet } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { Store } from 'mppx';
import { Mppx as MppxClient, tempo as tempoClient } from 'mppx/client';
import { Request as MppxRequest, Mppx as MppxServer, tempo as tempoServer } from 'mppx/server';
import { createClient, defineChain, type Hex, http, toHex } from 'viem';
import { tempoLocalnet } from 'viem/chains';
import { Account } from 'viem/tempo';
import { realm, secret } from './market.js';
import { type Listening, listen } from './upstream.js';

/** A fresh key and its account, with funds. */
export interface Person {
  readonly privateKey: Hex;
  readonly account: TempoAccount;
  readonly address: Address;
}

/** An access key of somebody's account. */
export interface Delegate {
  readonly privateKey: Hex;
  readonly account: TempoAccount;
}

/** A real Tempo chain, and sellers and buyers of both kinds on it. */
export interface TempoMarket {
  readonly devnet: TempoDevnet;
  readonly token: Address;
  person(funds?: bigint): Promise<Person>;
  /** An access key that may spend 1 USD of a person's within the hour; registered on the chain when asked. */
  delegate(root: Person, registered: boolean): Promise<Delegate>;
  /** Our wallet, paying with an account. */
  wallet(account: TempoAccount): Wallet;
  /** mppx's client, paying with a key of its own or with an access key. */
  mppxClient(key: Person | Delegate, mode?: 'push'): MppxBuyer;
  /** A seller that knows nothing of Farebox; each answer is `{ "served": "GET /path" }`. */
  mppxSeller(charge: MppxCharge, options?: MppxSellerOptions): Promise<Listening>;
  /** Our gate over node:http, answering the same. */
  ourSeller(price: bigint, terms: TokenTerms, options?: OurSellerOptions): Promise<Listening>;
  /** Our seller's method alone. */
  sellerMethod(terms: TokenTerms): TempoSeller;
  close(): Promise<void>;
}

/** What an mppx seller asks, in units of six decimals. */
export interface MppxCharge {
  readonly amount: string;
  readonly recipient: Address;
  readonly splits?: { amount: string; recipient: Address; memo?: Hex }[];
}

/** How our seller is paid. */
export type OurSellerOptions = Pick<TempoSellerOptions, 'push' | 'patience'>;

/** How an mppx seller is paid. */
export interface MppxSellerOptions {
  /** Pays the buyers' fees. */
  readonly sponsor?: Person;
  readonly supportedModes?: ('pull' | 'push')[];
}

/** What the devnet's simulation of a Tempo transaction asks for at least, gas; its own estimate is about 771,000. */
const simulatedGasMin = 800_000n;

/**
 * The node as mppx's server asks it. Before it broadcasts, it simulates with `eth_call`, and the devnet's program takes
 * the calls of a Tempo transaction for the creation of a contract, whatever they are. A gas limit that is right for the
 * chain, and with which the same transaction is mined, would be too low for that simulation.
 */
function simulatingTransport(url: string) {
  const node = http(url, { retryCount: 0 });
  return ((options) => {
    const transport = node(options);
    return { ...transport, request: (asked) => transport.request(withSimulatedGas(asked)) };
  }) satisfies typeof node;
}

function withSimulatedGas<asked extends { readonly method: string; readonly params?: unknown }>(
  asked: asked,
): asked {
  if (asked.method !== 'eth_call' || !Array.isArray(asked.params)) return asked;
  const [call, ...rest]: unknown[] = asked.params;
  if (typeof call !== 'object' || call === null || !('gas' in call)) return asked;
  if (BigInt(String(call.gas)) >= simulatedGasMin) return asked;
  const gas = toHex(simulatedGasMin);
  return { ...asked, params: [{ ...call, gas }, ...rest] };
}

function viemClientOf(devnet: TempoDevnet) {
  const chain = defineChain({
    ...tempoLocalnet,
    id: devnet.chainId,
    rpcUrls: { default: { http: [devnet.url] } },
  });
  return createClient({ chain, transport: simulatingTransport(devnet.url), pollingInterval: 20 });
}

/** As much of mppx's client as is used here. */
export interface MppxBuyer {
  fetch(url: string): Promise<Response>;
  onCredentialCreated(listener: (created: { readonly credential: string }) => void): unknown;
}

function mppxClientOf(
  devnet: TempoDevnet,
  { account, privateKey }: Person | Delegate,
  mode?: 'push',
): MppxBuyer {
  const root = account.accessKey && account.address;
  const signer = root
    ? Account.fromSecp256k1(privateKey, { access: root })
    : Account.fromSecp256k1(privateKey);
  const node = viemClientOf(devnet);
  const charge = tempoClient.charge({ account: signer, getClient: () => node, ...(mode && { mode }) });
  return MppxClient.create({ polyfill: false, methods: [charge] });
}

async function startMppxSeller(
  devnet: TempoDevnet,
  charge: MppxCharge,
  { sponsor, supportedModes }: MppxSellerOptions,
): Promise<Listening> {
  const node = viemClientOf(devnet);
  const method = tempoServer.charge({
    currency: devnet.tokens.pathUsd,
    chainId: devnet.chainId,
    decimals: 6,
    getClient: () => node,
    store: Store.memory(),
    ...(sponsor && { feePayer: Account.fromSecp256k1(sponsor.privateKey) }),
  });
  const mppx = MppxServer.create({ methods: [method], secretKey: secret, realm: 'mppx.example.com' });
  const sell = mppx.charge({ ...charge, ...(supportedModes && { supportedModes }) });
  return listen(
    MppxRequest.toNodeListener(async (request) => {
      const result = await sell(request);
      if (result.status === 402) return result.challenge;
      return result.withReceipt(
        Response.json({ served: `${request.method} ${new URL(request.url).pathname}` }),
      );
    }),
  );
}

/**
 * Opens a market on a chain of that number, or on another market's chain, whose node everybody then asks at `nodeUrl`.
 */
export async function openTempoMarket(
  chainId: number,
  other?: { readonly market: TempoMarket; readonly nodeUrl: string },
): Promise<TempoMarket> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-tempo-interop-'));
  const devnet: TempoDevnet = other
    ? { ...other.market.devnet, url: other.nodeUrl, close: async () => {} }
    : await startTempoDevnet({ chainId });
  const ledger = await openSqliteLedger({ path: join(folder, 'farebox.db') });
  const journal = openJournal({ path: join(folder, 'journal.db') });
  const rpc = httpRpc({ url: devnet.url });
  const chain = tempoChain(rpc);
  const token = devnet.tokens.pathUsd;
  const opened: Listening[] = [];
  const keep = (listening: Listening) => {
    opened.push(listening);
    return listening;
  };
  const sellerMethod = (terms: TokenTerms, options: OurSellerOptions = {}) =>
    createTempoSeller({ rpc, chainId, tokens: { [token]: terms }, ...options });
  return {
    devnet,
    token,
    async person(funds = 0n) {
      const privateKey = newPrivateKey();
      const account = ownAccount({ privateKey });
      if (funds > 0n) await devnet.fund(account.address, funds);
      return { privateKey, account, address: account.address };
    },
    async delegate(root, registered) {
      const privateKey = newPrivateKey();
      const account = accessKeyAccount({ privateKey, rootAccount: root.address });
      if (account.accessKey === undefined) throw new Error('There is no access key.');
      const grant: KeyGrant = {
        chainId,
        key: { address: account.accessKey.address, keyType: 'secp256k1' },
        expiresS: (await devnet.blockTime()) + 3_600,
        limits: [{ token, limit: 1_000_000n }],
      };
      const action = { chain, chainId, root: root.account, feeToken: token, maxFee: 1_000_000n };
      if (registered) {
        const result = await registerKey(action, await signKeyAuthorization(root.privateKey, grant));
        if (!result.ok) throw new Error(result.detail);
      }
      return { privateKey, account };
    },
    wallet: (account) =>
      createWallet({ methods: [tempoBuyer({ account, chain, chainId, currencies: [token] })], journal }),
    mppxClient: (key, mode) => mppxClientOf(devnet, key, mode),
    mppxSeller: async (charge, options = {}) => keep(await startMppxSeller(devnet, charge, options)),
    async ourSeller(price, terms, options) {
      const methods = [sellerMethod(terms, options)];
      const gate = createGate({ realm, secrets: [secret], methods, ledger });
      const offers: Offer[] = [
        { method: 'tempo', intent: 'charge', price: { amount: price, currency: token } },
      ];
      const route = { route: 'GET /*', effect: 'safe', offers } as const;
      return keep(
        await listen(
          gate.protect(route, ({ method, url }, response) =>
            response
              .setHeader('content-type', 'application/json')
              .end(JSON.stringify({ served: `${method} ${url}` })),
          ),
        ),
      );
    },
    sellerMethod,
    async close() {
      for (const { close } of opened) await close();
      journal.close();
      await ledger.close();
      rpc.close();
      await devnet.close();
      await rm(folder, { recursive: true });
    },
  };
}
