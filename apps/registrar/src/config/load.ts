import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readLabel } from '../names/label.js';
import type { Coupon, Namespace, YearPrice } from '../names/namespace.js';
import { readUsd } from '../names/price.js';
import { nameServerLabels } from '../zone/zones.js';
import { type ConfigIssue, describeIssues, formatKey } from './issues.js';
import { type RegistrarInput, registrarSchema } from './schema.js';

/** Largest file that is read. */
const configBytesMax = 4 * 1024 * 1024;

/** The configuration cannot be used. The message has a line for every fault and never quotes a text. */
export class RegistrarConfigError extends Error {
  override readonly name = 'RegistrarConfigError';
  readonly code = 'config_invalid';
}

/** A configuration, checked and complete. */
export interface RegistrarConfig {
  /** As it was written, with defaults. */
  readonly input: RegistrarInput;
  /** Where relative paths begin. */
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  readonly namespaces: readonly Namespace[];
  readonly coupons: readonly Coupon[];
  readonly usdMicrosPerGem: bigint;
  readonly lockLifeMs: number;
}

/** Reads a `registrar.yaml`. @throws RegistrarConfigError */
export async function loadRegistrarConfig(path: string): Promise<RegistrarConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const message = `${path} cannot be read. Name the file with --config, or write one: farebox registrar init.`;
    throw new RegistrarConfigError(message, { cause });
  }
  if (text.length > configBytesMax)
    throw new RegistrarConfigError(`${path} is larger than ${configBytesMax} bytes.`);
  const { readDocument } = await import('./document.js');
  const document = readDocument(text, path);
  if ('fault' in document) throw new RegistrarConfigError(document.fault);
  return checkRegistrarConfig(document.input, dirname(resolve(path)), document.format);
}

/**
 * Checks a configuration in the words of `registrar.yaml`.
 *
 * @param format - Writes one fault; with its place in the file, where there is one.
 * @throws RegistrarConfigError
 */
export function checkRegistrarConfig(
  input: unknown,
  directory: string,
  format: (issue: ConfigIssue) => string = ({ path, message }) => `${formatKey(path)}: ${message}`,
): RegistrarConfig {
  const failed = (issues: readonly ConfigIssue[]) => new RegistrarConfigError(issues.map(format).join('\n'));
  const given = input ?? {};
  const parsed = registrarSchema.safeParse(given);
  if (!parsed.success) throw failed(describeIssues(parsed.error.issues, given));
  const config = parsed.data;
  const faults: ConfigIssue[] = [];
  const namespaces = Object.entries(config.namespaces).map(([name, each]) => namespaceOf(name, each, faults));
  if (namespaces.length === 0) faults.push({ path: ['namespaces'], message: 'name at least one.' });
  if (config.tempo === undefined && config.lightning === undefined)
    faults.push({ path: [], message: 'configure at least one way of being paid: tempo or lightning.' });
  if (config.tempo !== undefined && Object.keys(config.tempo.tokens).length === 0)
    faults.push({ path: ['tempo', 'tokens'], message: 'name at least one token.' });
  const known = new Set(namespaces.map(({ name }) => name));
  const coupons = Object.entries(config.coupons).map(([code, each]) => {
    for (const [index, name] of (each.namespaces ?? []).entries()) {
      if (known.has(name)) continue;
      const path = ['coupons', code, 'namespaces', index];
      faults.push({ path, message: `${name} is no namespace of this file.` });
    }
    return couponOf(code, each);
  });
  if (faults.length > 0) throw failed(faults);
  return {
    ...{ input: config, directory, namespaces, coupons },
    ...hostAndPort(config.listen),
    usdMicrosPerGem: readUsd(config.usd_per_gem) ?? 1n,
    lockLifeMs: durationMs(config.lock_life),
  };
}

/** An address and a port. */
export function hostAndPort(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration that the schema has let through. */
export function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * (unitsMs[text.slice(-1)] ?? 0);
}

type NamespaceInput = RegistrarInput['namespaces'][string];

function namespaceOf(text: string, input: NamespaceInput, faults: ConfigIssue[]): Namespace {
  const label = readLabel(text);
  if (!label.ok) faults.push({ path: ['namespaces', text], message: label.detail, atKey: true });
  const name = label.ok ? label.value.ascii : text;
  const agentPrice = yearPrice(input.price);
  const labelled = <T, U>(entries: Readonly<Record<string, T>>, key: string, change: (value: T) => U) =>
    new Map(
      Object.entries(entries).map(([word, value]) => {
        const read = readLabel(word);
        if (!read.ok)
          faults.push({ path: ['namespaces', text, key, word], message: read.detail, atKey: true });
        return [read.ok ? read.value.ascii : word, change(value)] as const;
      }),
    );
  const phases = input.phases.map((phase) => ({
    name: phase.name,
    untilMs: phase.until === undefined ? undefined : Date.parse(phase.until),
    multiplier: BigInt(phase.multiplier),
    open: phase.open,
  }));
  if (phases.slice(0, -1).some(({ untilMs }) => untilMs === undefined))
    faults.push({ path: ['namespaces', text, 'phases'], message: 'each but the last needs its until.' });
  const nameServers = input.name_servers ?? [`ns1.${name}.`];
  const reserved = labelled(input.reserved, 'reserved', (reason) => reason);
  // Names of the servers that answer for the namespace: whoever bought one could never be answered as they set it.
  for (const own of nameServerLabels({ name, nameServers }))
    if (!reserved.has(own)) reserved.set(own, 'name server');
  return {
    ...{ name, agentPrice, phases, reserved, nameServers },
    humanPrice: input.human_price === undefined ? agentPrice : yearPrice(input.human_price),
    renewalPrice: input.renewal_price === undefined ? agentPrice : yearPrice(input.renewal_price),
    premium: labelled(input.premium, 'premium', yearPrice),
    contact: input.contact ?? `hostmaster.${name}.`,
  };
}

function yearPrice(price: { readonly usd: string; readonly sat?: number | undefined }): YearPrice {
  return {
    usdMicros: readUsd(price.usd) ?? 0n,
    sats: price.sat === undefined ? undefined : BigInt(price.sat),
  };
}

function couponOf(code: string, input: RegistrarInput['coupons'][string]): Coupon {
  return {
    code: code.toUpperCase(),
    percent: BigInt(input.percent),
    usesMax: input.uses,
    namespaces: input.namespaces === undefined ? undefined : new Set(input.namespaces),
    untilMs: input.until === undefined ? undefined : Date.parse(input.until),
  };
}
