import { MethodUnavailable, type Offer } from '@farebox/protocol';
import { type Address, type Hex, readAddress, readWord } from '../chain/hex.js';
import { cannotReceive } from './impossible-recipient.js';
import { amountMax, splitsMax, type TempoSplit } from './request.js';

/** Somebody else who gets a part of each payment: a fixed amount, or a share in hundredths of a percent. */
export type SplitTerms = {
  readonly recipient: string;
  /** 32 bytes in hex. */
  readonly memo?: string;
} & ({ readonly amount: bigint } | { readonly basisPoints: number });

/** How one token is sold for. */
export interface TokenTerms {
  /** Who is paid: an address in hex, or in Tempo's own notation. */
  readonly recipient: string;
  readonly splits?: readonly SplitTerms[];
  /** Pay the buyers' fees for this token; needs a sponsor. */
  readonly sponsored?: boolean;
}

/** Terms that were checked. */
export interface CheckedTerms {
  readonly recipient: Address;
  readonly splits: readonly (SplitTerms & { readonly recipient: Address; readonly memo?: Hex })[];
  readonly sponsored: boolean;
}

/** A whole, in hundredths of a percent. */
const basisPointsWhole = 10_000;

function noTokens(who: string): string {
  return `${who} must be an account: a token, or the address of nobody, can never be paid`;
}

function checkSplit(split: SplitTerms): CheckedTerms['splits'][number] {
  const recipient = readAddress(split.recipient);
  if (recipient === undefined) throw new TypeError('A split needs the address of its recipient');
  if (cannotReceive(recipient)) throw new TypeError(noTokens('The recipient of a split'));
  const memo = readWord(split.memo);
  if (split.memo !== undefined && memo === undefined)
    throw new TypeError("A split's memo must be 32 bytes in hex");
  if ('basisPoints' in split) {
    const { basisPoints } = split;
    if (!Number.isInteger(basisPoints) || basisPoints < 1 || basisPoints >= basisPointsWhole) {
      throw new TypeError(`A split's share must be 1 to ${basisPointsWhole - 1} basis points`);
    }
  } else if (split.amount < 1n || split.amount > amountMax) {
    throw new TypeError('A split must be at least one base unit');
  }
  const { memo: _, ...rest } = split;
  return { ...rest, recipient, ...(memo === undefined ? undefined : { memo }) };
}

/**
 * Checks the configuration of all tokens.
 *
 * @throws TypeError naming what is wrong.
 */
export function checkTokens(
  tokens: Readonly<Record<string, TokenTerms>>,
): ReadonlyMap<Address, CheckedTerms> {
  const checked = new Map<Address, CheckedTerms>();
  for (const [name, terms] of Object.entries(tokens)) {
    const token = readAddress(name);
    const recipient = readAddress(terms.recipient);
    const splits = terms.splits ?? [];
    if (token === undefined) throw new TypeError('A currency must be the address of a TIP-20 token');
    if (recipient === undefined) throw new TypeError(`The recipient for ${token} must be an address`);
    if (cannotReceive(recipient)) throw new TypeError(noTokens(`The recipient for ${token}`));
    if (splits.length > splitsMax)
      throw new TypeError(`A payment is split among ${splitsMax} others at most`);
    checked.set(token, { recipient, splits: splits.map(checkSplit), sponsored: terms.sponsored === true });
  }
  if (checked.size === 0) throw new TypeError('A Tempo seller needs at least one token to be paid in');
  return checked;
}

/** What an offer costs, in which token, and on which terms. */
export interface PricedOffer {
  readonly token: Address;
  readonly amount: bigint;
  readonly terms: CheckedTerms;
  readonly splits: readonly TempoSplit[];
}

/**
 * The terms of one offer. Shares are rounded down, and one that comes to nothing is left out: the primary recipient
 * gets the rest.
 *
 * @throws MethodUnavailable when the offer cannot be sold so.
 */
export function priceOffer(offer: Offer, tokens: ReadonlyMap<Address, CheckedTerms>): PricedOffer {
  const { amount, currency } = offer.price;
  const token = readAddress(currency);
  const terms = token && tokens.get(token);
  if (token === undefined || terms === undefined) {
    throw new MethodUnavailable(
      `A tempo charge cannot be priced in "${currency}"; use the address of a token that the seller is configured for`,
    );
  }
  if (amount < 0n || amount > amountMax) {
    throw new MethodUnavailable('A tempo charge needs a price of zero or more base units');
  }
  const splits: TempoSplit[] = [];
  let others = 0n;
  for (const split of amount === 0n ? [] : terms.splits) {
    const part =
      'basisPoints' in split ? (amount * BigInt(split.basisPoints)) / BigInt(basisPointsWhole) : split.amount;
    if (part === 0n) continue;
    others += part;
    splits.push({
      amount: part,
      recipient: split.recipient,
      ...(split.memo === undefined ? undefined : { memo: split.memo }),
    });
  }
  if (others >= amount && splits.length > 0) {
    throw new MethodUnavailable(
      `The splits of a payment come to ${others}, which leaves nothing of ${amount} for the recipient; lower them`,
    );
  }
  return { token, amount, terms, splits };
}
