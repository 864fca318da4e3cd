import type { LightningNetwork } from '../node.js';

/** The kinds of node that `parseNodeConfig` knows. The devnet has a package of its own. */
export const nodeKinds = ['lnd', 'cln', 'phoenixd', 'nwc', 'lnbits', 'eclair', 'btcpay'] as const;

/** One of {@link nodeKinds}. */
export type NodeKind = (typeof nodeKinds)[number];

/** Where a secret is: in a file, or in an environment variable. Never the secret itself. */
export type SecretSource = { readonly file: string } | { readonly variable: string };

/** What all nodes reached over HTTP have in common. */
export interface HttpNodeConfig {
  /** Origin, with a base path if there is one, without a slash at the end. */
  readonly url: string;
  /** What makes the node's certificate trustworthy; a public authority when left out. */
  readonly tls?: { readonly certificateFile: string } | { readonly fingerprint: string };
  /** Plain http beyond this machine, for a private network that is trusted with the credential. */
  readonly plainHttpAllowed: boolean;
  /** The network that the node must be on; another one is refused. */
  readonly network?: LightningNetwork;
}

/** LND's REST interface. */
export interface LndConfig extends HttpNodeConfig {
  readonly kind: 'lnd';
  /** The macaroon: binary as LND writes it, or hex. */
  readonly macaroon: SecretSource;
}

/** Core Lightning's clnrest. */
export interface ClnConfig extends HttpNodeConfig {
  readonly kind: 'cln';
  readonly rune: SecretSource;
}

/** ACINQ's phoenixd. */
export interface PhoenixdConfig extends HttpNodeConfig {
  readonly kind: 'phoenixd';
  readonly password: SecretSource;
}

/** Nostr Wallet Connect. */
export interface NwcConfig {
  readonly kind: 'nwc';
  /** The whole connection text, `nostr+walletconnect://…`: it holds the secret. */
  readonly connection: SecretSource;
  /** The network that the wallet must be on; `mainnet` for wallets that do not say. */
  readonly network?: LightningNetwork;
}

/** A wallet of an LNbits. */
export interface LnbitsConfig extends HttpNodeConfig {
  readonly kind: 'lnbits';
  /** The invoice key sells; the admin key pays. */
  readonly key: SecretSource;
  /** LNbits does not say which network it is on; every invoice is held against this. */
  readonly network: LightningNetwork;
  /**
   * No buyer can reach this LNbits. It shows the preimage of an unpaid invoice to whoever asks, without a key; unless
   * this is promised, an LNbits that has such a preimage makes no invoices.
   */
  readonly unreachableByBuyers: boolean;
}

/** ACINQ's Eclair. */
export interface EclairConfig extends HttpNodeConfig {
  readonly kind: 'eclair';
  readonly password: SecretSource;
}

/** The Lightning node of a BTCPay Server store. */
export interface BtcpayConfig extends HttpNodeConfig {
  readonly kind: 'btcpay';
  readonly storeId: string;
  readonly key: SecretSource;
  /** BTCPay does not say which network its node is on; every invoice is held against this. */
  readonly network: LightningNetwork;
}

/** How a node is reached. Holds no secret, only where secrets are. */
export type NodeConfig =
  | LndConfig
  | ClnConfig
  | PhoenixdConfig
  | NwcConfig
  | LnbitsConfig
  | EclairConfig
  | BtcpayConfig;
