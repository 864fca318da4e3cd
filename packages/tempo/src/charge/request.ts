import { isJsonObject, type JsonObject, type JsonValue, type Result, refuse } from '@farebox/protocol';
import { type Address, type Hex, readAddress, readWord } from '../chain/hex.js';

/** How a payment reaches the chain: the server broadcasts, or the client does (draft-tempo-charge-00, "Submission Modes"). */
export type TempoMode = 'pull' | 'push';

/** One more recipient, who gets a part of the amount (draft-tempo-charge-00, "Split Payments"). */
export interface TempoSplit {
  /** Base units, at least 1. */
  readonly amount: bigint;
  readonly recipient: Address;
  readonly memo?: Hex;
}

/** The `request` of a `tempo` charge (draft-tempo-charge-00, "Request Schema"). */
export interface TempoChargeRequest {
  /** Base units of the token: all that is paid, splits and all. Zero asks for a proof of identity only. */
  readonly amount: bigint;
  /** The TIP-20 token. */
  readonly currency: Address;
  readonly recipient: Address;
  /** Untrusted text, for display only. */
  readonly description?: string;
  readonly externalId?: string;
  /**
   * Undefined where the seller left it out. The draft and the deployed code differ on what that means, so nothing
   * should be paid without it.
   */
  readonly chainId?: number;
  /** The seller pays the fees. */
  readonly feePayer: boolean;
  /** Asked for by the seller; Farebox never does, since the memo must name the challenge. */
  readonly memo?: Hex;
  readonly splits: readonly TempoSplit[];
  /** Both where the seller left it out, which the draft says to read so. */
  readonly supportedModes: readonly TempoMode[];
}

/** Characters of each free text in a request. */
export const requestTextCharsMax = 2_048;
/** Splits of one charge (draft-tempo-charge-00, "Constraints"). */
export const splitsMax = 10;
/** Base units in one charge: TIP-20 counts in 128 bits. */
export const amountMax = 2n ** 128n - 1n;

const amountForm = /^(?:0|[1-9][0-9]{0,38})$/;

/** Base units as the draft writes them: a decimal integer in a string, without sign, point or leading zeros. */
export function readAmount(value: JsonValue | undefined): bigint | undefined {
  if (typeof value !== 'string' || !amountForm.test(value)) return undefined;
  const amount = BigInt(value);
  return amount <= amountMax ? amount : undefined;
}

function malformed(detail: string): ReturnType<typeof refuse> {
  return refuse('request_malformed', detail);
}

function isText(value: JsonValue | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= requestTextCharsMax);
}

function readSplit(value: JsonValue): TempoSplit | undefined {
  if (!isJsonObject(value)) return undefined;
  const amount = readAmount(value.amount);
  const recipient = readAddress(value.recipient);
  const memo = readWord(value.memo);
  if (amount === undefined || amount === 0n || recipient === undefined) return undefined;
  if (value.memo !== undefined && memo === undefined) return undefined;
  return { amount, recipient, ...(memo === undefined ? undefined : { memo }) };
}

function readSplits(value: JsonValue | undefined, amount: bigint): Result<readonly TempoSplit[]> {
  if (value === undefined) return { ok: true, value: [] };
  if (!Array.isArray(value) || value.length === 0 || value.length > splitsMax) {
    return malformed(`The splits must be a list of 1 to ${splitsMax}`);
  }
  const splits: TempoSplit[] = [];
  let sum = 0n;
  for (const entry of value) {
    const split = readSplit(entry);
    if (split === undefined) {
      return malformed(
        'A split needs a positive whole amount in a string, a recipient and, at most, a memo of 32 bytes',
      );
    }
    sum += split.amount;
    splits.push(split);
  }
  if (sum >= amount) return malformed('The splits together must be less than the amount');
  return { ok: true, value: splits };
}

const bothModes: readonly TempoMode[] = ['pull', 'push'];

function readModes(value: JsonValue | undefined): readonly TempoMode[] | undefined {
  if (value === undefined) return bothModes;
  if (!Array.isArray(value) || value.length === 0 || value.length > bothModes.length) return undefined;
  // In the order of this list, so that two requests that mean the same are the same.
  return value.every((mode) => mode === 'pull' || mode === 'push')
    ? bothModes.filter((mode) => value.includes(mode))
    : undefined;
}

type Details = Pick<TempoChargeRequest, 'chainId' | 'feePayer' | 'memo' | 'splits' | 'supportedModes'>;

function readDetails(value: JsonValue | undefined, amount: bigint): Result<Details> {
  if (value !== undefined && !isJsonObject(value)) return malformed('The methodDetails must be an object');
  const details: JsonObject = value ?? {};
  const { chainId, feePayer } = details;
  if (
    chainId !== undefined &&
    !(typeof chainId === 'number' && Number.isSafeInteger(chainId) && chainId > 0)
  ) {
    return malformed('The chainId must be a positive whole number');
  }
  if (feePayer !== undefined && typeof feePayer !== 'boolean')
    return malformed('feePayer must be true or false');
  const memo = readWord(details.memo);
  if (details.memo !== undefined && memo === undefined) return malformed('The memo must be 32 bytes in hex');
  const supportedModes = readModes(details.supportedModes);
  if (supportedModes === undefined) return malformed('supportedModes must be a list of "pull" and "push"');
  const splits = readSplits(details.splits, amount);
  if (!splits.ok) return splits;
  return {
    ok: true,
    value: {
      ...(chainId === undefined ? undefined : { chainId }),
      feePayer: feePayer === true,
      ...(memo === undefined ? undefined : { memo }),
      splits: splits.value,
      supportedModes,
    },
  };
}

/**
 * Reads the `request` object of a `tempo` charge. Checks shapes and bounds only, asks nobody. Members that the draft
 * does not define are ignored. Addresses and memos come out in lowercase.
 *
 * Code: `request_malformed`.
 *
 * @example
 * ```ts
 * import { parseTempoChargeRequest } from '@farebox/tempo';
 * const request = parseTempoChargeRequest({
 *   amount: '10000',
 *   currency: '0x20c0000000000000000000000000000000000000',
 *   recipient: '0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00',
 *   methodDetails: { chainId: 4217, supportedModes: ['pull'] },
 * });
 * if (request.ok) console.log(request.value.amount); // 10000n
 * ```
 */
export function parseTempoChargeRequest(object: JsonObject): Result<TempoChargeRequest> {
  const amount = readAmount(object.amount);
  if (amount === undefined) return malformed('The amount must be a whole number of base units in a string');
  const currency = readAddress(object.currency);
  if (currency === undefined) return malformed('The currency must be the address of a TIP-20 token');
  const recipient = readAddress(object.recipient);
  if (recipient === undefined) return malformed('The recipient must be an address');
  const { description, externalId } = object;
  if (!isText(description) || !isText(externalId)) {
    return malformed(`A text in the request is not one, or longer than ${requestTextCharsMax} characters`);
  }
  const details = readDetails(object.methodDetails, amount);
  if (!details.ok) return details;
  return {
    ok: true,
    value: {
      amount,
      currency,
      recipient,
      ...(description === undefined ? undefined : { description }),
      ...(externalId === undefined ? undefined : { externalId }),
      ...details.value,
    },
  };
}

/** The `request` object of a charge, for JCS; what {@link parseTempoChargeRequest} reads. */
export function writeTempoChargeRequest(charge: TempoChargeRequest): JsonObject {
  const { amount, currency, recipient, description, externalId, chainId, feePayer, memo, splits } = charge;
  const supportedModes: JsonValue[] = [...charge.supportedModes];
  return {
    amount: amount.toString(),
    currency,
    ...(description === undefined ? undefined : { description }),
    ...(externalId === undefined ? undefined : { externalId }),
    methodDetails: {
      ...(chainId === undefined ? undefined : { chainId }),
      ...(feePayer ? { feePayer } : undefined),
      ...(memo === undefined ? undefined : { memo }),
      ...(splits.length === 0
        ? undefined
        : {
            splits: splits.map((split) => ({
              amount: split.amount.toString(),
              ...(split.memo === undefined ? undefined : { memo: split.memo }),
              recipient: split.recipient,
            })),
          }),
      supportedModes,
    },
    recipient,
  };
}
