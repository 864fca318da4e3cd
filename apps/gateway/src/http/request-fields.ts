import type { IncomingMessage } from 'node:http';
import { isPaymentCredential } from '@farebox/protocol';
import type { Forwarder } from './forwarder.js';
import type { HeaderRules } from './header-rules.js';

/** Fields that end at this hop (RFC 9110 §7.6.1) or that the gateway writes itself. Never forwarded. */
const NOT_FORWARDED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'host',
  'content-length',
  // The client's word about who it is and how it came is worth nothing: ours replaces it.
  'forwarded',
  'x-real-ip',
  // What is asked for is what the route was chosen by, and nothing else: some servers would take it from here.
  'x-original-url',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  // Payment stops here (design: invariant 7).
  'accept-payment',
]);

/** Fields by prefix: Payment-Authorization, Payment-Receipt, X-Payment (x402), our own, and X-Forwarded-For and its kin. */
function isOurs(name: string): boolean {
  return (
    name.startsWith('x-forwarded-') ||
    name.startsWith('payment-') ||
    name.startsWith('x-payment') ||
    name.startsWith('farebox-')
  );
}

/** What the gateway itself reads of a header section. */
export interface RequestFields {
  /** Names and values, in bytes, payment credentials aside. */
  readonly bytes: number;
  /** Every value of Authorization and Payment-Authorization. */
  readonly credentials: readonly string[];
  readonly acceptPayment: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** Every X-Forwarded-For field. To be believed only from a trusted proxy. */
  readonly forwardedFor: readonly string[];
  /** More than one Host field: two programs could disagree about it. */
  readonly hosts: number;
  /** A WebSocket handshake: the Upgrade field, and Connection that names it. Without that it is to be ignored. */
  readonly websocket: boolean;
}

const NO_VALUES: readonly string[] = [];

/** Reads the raw header section, where duplicates are still visible. */
export function readRequestFields(raw: readonly string[]): RequestFields {
  let credentials: string[] | undefined;
  let forwardedFor: string[] | undefined;
  let acceptPayment: string | undefined;
  let idempotencyKey: string | undefined;
  let hosts = 0;
  let websocket = false;
  let upgrade = false;
  let bytes = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    // Node reads them as latin1: a character is a byte.
    const fieldBytes = name.length + value.length;
    bytes += fieldBytes;
    switch (name.toLowerCase()) {
      case 'authorization':
      case 'payment-authorization':
        if (isPaymentCredential(value)) bytes -= fieldBytes;
        if (credentials === undefined) credentials = [value];
        else credentials.push(value);
        break;
      case 'accept-payment':
        // Several fields are one list (RFC 9110 §5.3).
        acceptPayment = acceptPayment === undefined ? value : `${acceptPayment}, ${value}`;
        break;
      case 'idempotency-key':
        // One value is the rule; several make another one, which no honest client sends.
        idempotencyKey = idempotencyKey === undefined ? value : `${idempotencyKey}, ${value}`;
        break;
      case 'x-forwarded-for':
        if (forwardedFor === undefined) forwardedFor = [value];
        else forwardedFor.push(value);
        break;
      case 'host':
        hosts += 1;
        break;
      case 'upgrade':
        websocket ||= /websocket/i.test(value);
        break;
      case 'connection':
        upgrade ||= /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(value);
        break;
    }
  }
  return {
    bytes,
    credentials: credentials ?? NO_VALUES,
    forwardedFor: forwardedFor ?? NO_VALUES,
    acceptPayment,
    idempotencyKey,
    hosts,
    websocket: websocket && upgrade,
  };
}

/** How a request is changed on its way. */
export interface Forwarding {
  readonly upstreamHost: string;
  readonly forwarder: Forwarder;
  readonly rules: HeaderRules | undefined;
  readonly idempotencyKey: string | undefined;
}

/**
 * The header section for the upstream: end-to-end fields in their own order and spelling, without payment, with our
 * own word about where the request came from, and with what the seller adds last: a client cannot stand in its way.
 */
export function forwardedFields(request: IncomingMessage, how: Forwarding): string[] {
  const raw = request.rawHeaders;
  const { rules, idempotencyKey } = how;
  const named = connectionNamed(raw);
  const fields = ['Host', rules?.host ?? how.upstreamHost];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    let lower = name.toLowerCase();
    // To CGI and its heirs `X_Forwarded_For` is the same field.
    if (lower.includes('_')) lower = lower.replaceAll('_', '-');
    if (NOT_FORWARDED.has(lower) || isOurs(lower) || named?.has(lower)) continue;
    // Another scheme's credential is the upstream's business.
    if (lower === 'authorization' && isPaymentCredential(value)) continue;
    // A client's own key could repeat across two payments, or change within one.
    if (lower === 'idempotency-key' && idempotencyKey !== undefined) continue;
    if (rules?.drop.has(lower)) continue;
    fields.push(name, value);
  }
  how.forwarder.tell(request, fields);
  if (idempotencyKey !== undefined) fields.push('Idempotency-Key', idempotencyKey);
  if (rules !== undefined) for (const text of rules.add) fields.push(text);
  return fields;
}

/** The field names that Connection lists, in lower case; undefined when it lists none. */
export function connectionNamed(raw: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    for (const token of (raw[i + 1] ?? '').split(',')) {
      const lower = token.trim().toLowerCase();
      if (lower === '' || lower === 'keep-alive' || lower === 'close') continue;
      named ??= new Set();
      named.add(lower);
    }
  }
  return named;
}
