import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import type { VaultNode } from './document.js';

/** Most settings of one node. */
export const nodeSettingsMax = 16;
/** Longest setting, characters. */
export const nodeSettingCharsMax = 2_048;
/** Longest credential, characters: a macaroon in hex is some hundred, a connection text as well. */
export const nodeSecretCharsMax = 32_768;
/** Longest list of trusted certificates, characters of PEM. */
export const nodeCertificatesCharsMax = 65_536;

const wordForm = /^[a-z][a-z0-9_]{0,31}$/;
const payerForm = /^[\x21-\x7e]{1,200}$/;
const secretForm = /^[\x20-\x7e]+$/;

/** Reads the node of an account; undefined when it cannot be read whole, or is beyond the bounds above. */
export function readNode(value: JsonObject): VaultNode | undefined {
  const { kind, settings, secret, certificates, network, payer, feesUncapped, ...more } = value;
  if (Object.keys(more).length > 0 || !isWord(kind) || !isWord(network)) return undefined;
  if (typeof secret !== 'string' || secret.length > nodeSecretCharsMax || !secretForm.test(secret)) {
    return undefined;
  }
  if (typeof payer !== 'string' || !payerForm.test(payer)) return undefined;
  if (typeof feesUncapped !== 'boolean' || !isPem(certificates)) return undefined;
  const read = readSettings(settings);
  if (read === undefined) return undefined;
  return {
    kind,
    settings: read,
    secret,
    ...(certificates !== undefined && { certificates }),
    network,
    payer,
    feesUncapped,
  };
}

function isWord(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && wordForm.test(value);
}

function isPem(value: JsonValue | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= nodeCertificatesCharsMax);
}

function readSettings(value: JsonValue | undefined): VaultNode['settings'] | undefined {
  if (!isJsonObject(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length > nodeSettingsMax) return undefined;
  const read: Record<string, string | boolean> = {};
  for (const [key, setting] of entries) {
    if (!wordForm.test(key)) return undefined;
    if (typeof setting !== 'boolean' && typeof setting !== 'string') return undefined;
    if (typeof setting === 'string' && setting.length > nodeSettingCharsMax) return undefined;
    read[key] = setting;
  }
  return read;
}
