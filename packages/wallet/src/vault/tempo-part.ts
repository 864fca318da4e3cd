import type { JsonObject, JsonValue } from '@farebox/protocol';
import type { VaultTempoKey } from './document.js';

const keyForm = /^0x[0-9a-f]{64}$/;
const addressForm = /^0x[0-9a-f]{40}$/;
/** A permission with every limit and scope there can be is a few thousand bytes. */
const authorizationForm = /^0x(?:[0-9a-f]{2}){1,16384}$/;
const pathForm = /^m\/44'\/60'\/0'\/0\/\d{1,4}$/;

/** Reads the Tempo key of an account; undefined when it cannot be read whole. */
export function readTempoKey(value: JsonObject): VaultTempoKey | undefined {
  const { keyType, privateKey, path, rootAccount, authorization, ...more } = value;
  if (Object.keys(more).length > 0) return undefined;
  if (keyType !== 'secp256k1' && keyType !== 'p256') return undefined;
  if (!isHex(privateKey, keyForm) || !isAbsentOrHex(rootAccount, addressForm)) return undefined;
  if (!isAbsentOrHex(authorization, authorizationForm)) return undefined;
  if (path !== undefined && (typeof path !== 'string' || !pathForm.test(path))) return undefined;
  return {
    keyType,
    privateKey,
    ...(path !== undefined && { path }),
    ...(rootAccount !== undefined && { rootAccount }),
    ...(authorization !== undefined && { authorization }),
  };
}

function isHex(value: JsonValue | undefined, form: RegExp): value is `0x${string}` {
  return typeof value === 'string' && form.test(value);
}

function isAbsentOrHex(value: JsonValue | undefined, form: RegExp): value is `0x${string}` | undefined {
  return value === undefined || isHex(value, form);
}
