import type { TypedDataDefinition } from 'viem';
import { Account, Transaction } from 'viem/tempo';
import { type Address, type Hex, isHex } from '../chain/hex.js';
import type { KeyAuthorization } from './key-authorization.js';
import { parsePrivateKey } from './private-key.js';
import type { PaymentTransaction } from './transaction.js';

/** The curves of the keys that this wallet holds, as the chain names them. */
export type KeyType = 'secp256k1' | 'p256';

/** An access key of somebody's account (Tempo's account keychain). */
export interface AccessKey {
  /** The key's own address, by which the chain knows it. */
  readonly address: Address;
  /**
   * The root key's permission, for a key that is not on the chain yet: the first payment carries it. Public, but
   * worth money to nobody but the key's holder.
   */
  readonly authorization?: KeyAuthorization;
}

/** Who pays: a key that can sign, and the account whose tokens it spends. Holds the key; shows it to nobody. */
export interface TempoAccount {
  /** The account whose tokens are spent. */
  readonly address: Address;
  readonly keyType: KeyType;
  /** Present when the key is not the account's own. */
  readonly accessKey?: AccessKey;
  /** Signs, complete, as bytes that a node takes. Asks nobody. */
  signTransaction(transaction: PaymentTransaction): Promise<Hex>;
  /** Signs EIP-712 data; with an access key the signature names the account too. */
  signTypedData(data: TypedDataDefinition): Promise<Hex>;
}

/** A key of its own: a fresh wallet needs no root account and no permission (R22). */
export interface OwnAccountOptions {
  /** 32 bytes in hex; see `newPrivateKey` and `parsePrivateKey`. */
  readonly privateKey: Hex;
  /** Default `secp256k1`. */
  readonly keyType?: KeyType;
}

/** A key that spends another account's tokens, as far as that account's root key allows (R23). */
export interface AccessKeyOptions extends OwnAccountOptions {
  /** The account whose tokens are spent. Its own key is never needed to pay. */
  readonly rootAccount: Address;
  /** For a key that is not registered yet; see `signKeyAuthorization`. */
  readonly authorization?: KeyAuthorization;
}

// What both kinds of viem's accounts have in common here.
type Signer = Pick<Account.Account, 'address' | 'signTransaction' | 'signTypedData'>;

class ViemAccount implements TempoAccount {
  readonly address: Address;
  readonly keyType: KeyType;
  readonly accessKey?: AccessKey;
  // A private field: neither JSON nor console.log shows it.
  readonly #signer: Signer;

  constructor(signer: Signer, keyType: KeyType, accessKey: AccessKey | undefined) {
    this.#signer = signer;
    this.address = lowercase(signer.address);
    this.keyType = keyType;
    if (accessKey) this.accessKey = accessKey;
  }

  async signTransaction(transaction: PaymentTransaction): Promise<Hex> {
    return this.#signer.signTransaction(
      { ...transaction, type: 'tempo' },
      { serializer: Transaction.serialize },
    );
  }

  async signTypedData(data: TypedDataDefinition): Promise<Hex> {
    return this.#signer.signTypedData(data);
  }
}

function lowercase(address: string): Address {
  const text = address.toLowerCase();
  if (!isHex(text)) throw new TypeError('An account must have an address in hex');
  return text;
}

/** Looked at before a library does, whose errors could show it. */
function checkedKey({ privateKey, keyType }: OwnAccountOptions): Hex {
  const parsed = parsePrivateKey(privateKey, keyType);
  if (!parsed.ok) throw new TypeError(parsed.detail);
  return parsed.value;
}

/**
 * The account of a private key that pays with its own tokens. Throws a TypeError for what is no key.
 *
 * @example
 * ```ts
 * import { newPrivateKey, ownAccount } from '@farebox/tempo';
 * const account = ownAccount({ privateKey: newPrivateKey() });
 * console.log(`fund ${account.address}`);
 * ```
 */
export function ownAccount(options: OwnAccountOptions): TempoAccount {
  const { keyType = 'secp256k1' } = options;
  const privateKey = checkedKey(options);
  const signer = keyType === 'p256' ? Account.fromP256(privateKey) : Account.fromSecp256k1(privateKey);
  return new ViemAccount(signer, keyType, undefined);
}

/**
 * An account that is spent from with an access key. Throws a TypeError for what is no key. Nothing is asked here: whether the key is registered, expired or
 * over its limit is read from the chain before each payment.
 */
export function accessKeyAccount(options: AccessKeyOptions): TempoAccount {
  const { keyType = 'secp256k1', rootAccount, authorization } = options;
  const privateKey = checkedKey(options);
  const signer =
    keyType === 'p256'
      ? Account.fromP256(privateKey, { access: rootAccount })
      : Account.fromSecp256k1(privateKey, { access: rootAccount });
  return new ViemAccount(signer, keyType, {
    address: lowercase(signer.accessKeyAddress),
    ...(authorization && { authorization }),
  });
}
