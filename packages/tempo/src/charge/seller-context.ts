import { MethodUnavailable } from '@farebox/protocol';
import type { TempoChain } from '../chain/chain.js';
import type { Address } from '../chain/hex.js';
import { TempoRpcError } from '../chain/rpc.js';
import type { Sponsor } from '../sponsor/sponsor.js';
import type { Attempts } from './attempts.js';
import type { HandedOver } from './handed-over.js';
import type { SettlePatience } from './patience.js';
import type { CheckedTerms } from './terms.js';

/** What the parts of a seller share. */
export interface SellerContext {
  readonly chain: TempoChain;
  readonly chainId: number;
  readonly tokens: ReadonlyMap<Address, CheckedTerms>;
  readonly push: boolean;
  readonly sponsor: Sponsor | undefined;
  readonly attempts: Attempts;
  readonly handedOver: HandedOver;
  readonly patience: SettlePatience;
}

/** A node's trouble, as the gate knows it. Everything else goes on as it is. */
export function unavailable(error: unknown): never {
  if (!(error instanceof TempoRpcError)) throw error;
  throw new MethodUnavailable(
    `The Tempo node cannot be asked (${error.code}); check that it runs, and present the same credential again`,
    { cause: error },
  );
}
