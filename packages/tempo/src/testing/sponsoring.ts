import type { Hex } from '../chain/hex.js';
import type { TempoRpc } from '../chain/rpc.js';
import type { TokenTerms } from '../charge/terms.js';
import { feePayerFromKey } from '../sponsor/fee-payer.js';
import type { SponsorOptions } from '../sponsor/sponsor.js';
import { decodeTransaction } from '../transaction/decode.js';
import { freshAddress, openShop, type Payer, pathUsd, type Shop } from './shop.js';

/** What is different in a sponsoring shop. */
export interface SponsoringChanges {
  readonly rpc?: TempoRpc;
  readonly sponsor?: Partial<SponsorOptions>;
  readonly splits?: TokenTerms['splits'];
}

/** A shop that pays its buyers' fees, and whose purse they come out of. */
export interface Sponsoring {
  readonly shop: Shop;
  readonly treasury: Payer;
  /** What is left in the purse. */
  purse(): Promise<bigint>;
  /** Another such shop on the same chain. */
  another(changes?: SponsoringChanges): Promise<Shop>;
  close(): Promise<void>;
}

/** Opens a sponsoring shop on a chain of its own. */
export async function openSponsoring(): Promise<Sponsoring> {
  const plain = await openShop();
  plain.rpc.close();
  const { devnet } = plain;
  const treasury = await plain.payer(100_000_000n);
  const another = ({ rpc, sponsor, splits = [] }: SponsoringChanges = {}) =>
    openShop({
      devnet,
      ...(rpc && { rpc }),
      tokens: { [pathUsd]: { recipient: freshAddress(), splits, sponsored: true } },
      sponsor: {
        feePayer: feePayerFromKey(treasury.privateKey),
        feeToken: pathUsd,
        budget: { amount: 10_000_000n, windowMs: 3_600_000 },
        ...sponsor,
      },
    });
  const shop = await another();
  return {
    shop,
    treasury,
    purse: () => shop.balance(treasury.account.address),
    another,
    async close() {
      shop.rpc.close();
      await devnet.close();
    },
  };
}

/** What the draft writes: type 0x76 with a placeholder. viem writes 0x78 with the sender instead. */
export function asDraft(signed: Hex): Hex {
  const decoded = decodeTransaction(signed);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value.canonical;
}
