import { z } from 'zod';
import { poolSchema } from './schema-limits.js';

const path = (meaning: string) =>
  z.string().min(1).meta({ description: meaning, allowed: 'a path' }).optional();
const variable = (meaning: string) =>
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .meta({ description: meaning, allowed: 'the name of an environment variable' })
    .optional();

/** A secret: in a file or in an environment variable, never in `farebox.yaml`. */
const secret = <N extends string>(name: N, meaning: string) => {
  const keys = {
    [`${name}_file`]: path(`A file with ${meaning}.`),
    [`${name}_env`]: variable(`An environment variable with ${meaning}.`),
  };
  // The keys are the two that were just made of the name.
  return keys as { [K in `${N}_file`]: ReturnType<typeof path> } & {
    [K in `${N}_env`]: ReturnType<typeof variable>;
  };
};

const node = z
  .strictObject({
    kind: z.enum(['devnet', 'lnd', 'cln', 'phoenixd', 'nwc', 'lnbits', 'eclair', 'btcpay']).meta({
      description: 'Which kind of Lightning node; see docs/nodes.md for what each needs.',
      allowed: 'devnet, lnd, cln, phoenixd, nwc, lnbits, eclair or btcpay',
    }),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s@?#]+$/)
      .meta({
        description:
          "Where the node's API listens. Default: where it listens by itself; for devnet as its file says.",
        allowed: 'an http:// or https:// URL without user name, query or fragment',
      })
      .optional(),
    token_file: path('devnet: a file with its token.'),
    network: z
      .enum(['mainnet', 'testnet', 'signet', 'regtest'])
      .meta({
        description: 'The network that the node must be on.',
        allowed: 'mainnet, testnet, signet or regtest',
      })
      .optional(),
    tls_cert_file: path("A PEM file with the node's certificate, or with the authority that signed it."),
    tls_fingerprint: z
      .string()
      .meta({ description: "SHA-256 of the node's certificate.", allowed: '64 hex digits' })
      .optional(),
    plain_http: z
      .boolean()
      .meta({
        description:
          'Allow http:// beyond this machine, on a private network that is trusted with the credential.',
        allowed: 'true or false',
      })
      .optional(),
    ...secret('macaroon', 'lnd: the macaroon; an invoice macaroon is enough to sell'),
    ...secret('rune', 'cln: the rune'),
    ...secret('password', 'phoenixd, eclair: the password'),
    ...secret('connection', 'nwc: the connection text, nostr+walletconnect://…'),
    ...secret('key', 'lnbits, btcpay: the API key'),
    store_id: z
      .string()
      .meta({ description: 'btcpay: the id of the store.', allowed: 'letters and digits' })
      .optional(),
    unreachable_by_buyers: z
      .boolean()
      .meta({ description: 'lnbits: promise that no buyer can reach it.', allowed: 'true or false' })
      .optional(),
  })
  .meta({ allowed: 'a mapping with kind and what that kind needs' });

/** `lightning`. */
export const lightningSchema = z
  .strictObject({ node: node.optional(), pool: poolSchema.optional() })
  .meta({ description: 'The Lightning node that is paid.', allowed: 'a mapping with node, pool' });
