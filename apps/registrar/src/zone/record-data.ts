import { isIPv4, isIPv6 } from 'node:net';
import type { RecordType } from '../directory.js';
import { type Name, parseName } from '../dns/name.js';

/** What a record says, checked and ready to be written to the wire or to a master file. */
export type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'NS'; readonly target: Name }
  | { readonly type: 'MX'; readonly preference: number; readonly exchange: Name }
  | { readonly type: 'TXT'; readonly strings: readonly Uint8Array[] }
  | { readonly type: 'CAA'; readonly flags: number; readonly tag: string; readonly value: string }
  | TlsaData
  | SoaData
  | { readonly type: 'HINFO'; readonly cpu: string; readonly os: string };

/** A certificate association (RFC 6698 §2.1). */
export interface TlsaData {
  readonly type: 'TLSA';
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly association: Uint8Array;
}

/** The start of a zone of authority (RFC 1035 §3.3.13). */
export interface SoaData {
  readonly type: 'SOA';
  readonly primary: Name;
  /** The mailbox as a name in presentation form, its dots in the local part escaped: `first\.last.agent.`. */
  readonly contact: string;
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  readonly negativeSeconds: number;
}

/** The data of a record, or one sentence about what is wrong with it. */
export type ParsedRecordData =
  | { readonly ok: true; readonly data: RecordData }
  | { readonly ok: false; readonly problem: string };

/** The most that a TXT record may hold, bytes of UTF-8. */
export const txtBytesMax = 4_096;

/** The longest value of a CAA record, bytes. */
export const caaValueBytesMax = 1_024;

/** The largest certificate association of a TLSA record, bytes. */
export const tlsaBytesMax = 4_096;

/** A character-string holds as many bytes (RFC 1035 §3.3). */
const characterStringBytesMax = 255;

/** How long a hash of a matching type is, bytes: SHA-256 and SHA-512 (RFC 6698 §2.1.3). */
const hashBytes: Readonly<Record<number, number>> = { 1: 32, 2: 64 };

/**
 * Reads the data of a record in the presentation form that `DnsRecord.data` has. Targets are full names with a dot at the
 * end, so that nobody has to guess whether `mail.example` lies below the domain.
 */
export function parseRecordData(type: RecordType, text: string): ParsedRecordData {
  switch (type) {
    case 'A':
      return isIPv4(text)
        ? good({ type, address: text })
        : bad('An A record holds an IPv4 address: write it like 192.0.2.1.');
    case 'AAAA':
      return isIPv6(text) && !text.includes('%')
        ? good({ type, address: text })
        : bad('An AAAA record holds an IPv6 address without a zone: write it like 2001:db8::1.');
    case 'CNAME':
    case 'NS': {
      const target = parseTarget(text);
      return target === undefined || target.length === 0 ? badTarget(type) : good({ type, target });
    }
    case 'MX':
      return parseMx(text);
    case 'TXT':
      return parseTxt(text);
    case 'CAA':
      return parseCaa(text);
    case 'TLSA':
      return parseTlsa(text);
  }
}

/** A text as the character-strings of a TXT record: cut at 255 bytes, at least one of them. */
export function characterStrings(text: string): readonly Uint8Array[] {
  const bytes = Buffer.from(text, 'utf8');
  const strings: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += characterStringBytesMax) {
    strings.push(bytes.subarray(at, at + characterStringBytesMax));
  }
  return strings.length === 0 ? [bytes] : strings;
}

function parseTarget(text: string): Name | undefined {
  return text.endsWith('.') && !text.includes('*') ? parseName(text) : undefined;
}

function parseMx(text: string): ParsedRecordData {
  const [preference, target, ...rest] = text.trim().split(/\s+/);
  const exchange = parseTarget(target ?? '');
  if (!isNumber(preference, 65_535) || exchange === undefined || rest.length > 0) return badTarget('MX');
  return good({ type: 'MX', preference: Number(preference), exchange });
}

function parseTxt(text: string): ParsedRecordData {
  return Buffer.byteLength(text) <= txtBytesMax
    ? good({ type: 'TXT', strings: characterStrings(text) })
    : bad(`A TXT record holds at most ${txtBytesMax} bytes: shorten it or use several records.`);
}

/** RFC 8659 §4.1: flags, a tag of letters and digits, and a value that may stand in quotation marks. */
function parseCaa(text: string): ParsedRecordData {
  const [, flags, tag, quoted, plain] =
    /^(\d{1,3})\s+([A-Za-z0-9]{1,15})\s+(?:"((?:[^"\\]|\\.)*)"|([^\s"\\]+))$/.exec(text.trim()) ?? [];
  const value = plain ?? unescaped(quoted ?? '');
  const right = value !== undefined && /^[\x20-\x7e]*$/.test(value) && value.length <= caaValueBytesMax;
  if (!isNumber(flags, 255) || tag === undefined || !right) {
    return bad('A CAA record holds flags, a tag and a value: write it like 0 issue "ca.example".');
  }
  return good({ type: 'CAA', flags: Number(flags), tag: tag.toLowerCase(), value });
}

function parseTlsa(text: string): ParsedRecordData {
  const [usage, selector, matching, ...hex] = text.trim().split(/\s+/);
  const digits = hex.join('');
  const bytes = Buffer.from(digits, 'hex');
  const right =
    isNumber(usage, 255) &&
    isNumber(selector, 255) &&
    isNumber(matching, 255) &&
    bytes.length > 0 &&
    bytes.length * 2 === digits.length &&
    bytes.length <= tlsaBytesMax &&
    bytes.length === (hashBytes[Number(matching)] ?? bytes.length);
  if (!right) {
    return bad('A TLSA record holds three numbers and a hash in hex: write it like 3 1 1 and 64 hex digits.');
  }
  const [usageNumber, selectorNumber, matchingType] = [Number(usage), Number(selector), Number(matching)];
  return good({
    type: 'TLSA',
    usage: usageNumber,
    selector: selectorNumber,
    matchingType,
    association: bytes,
  });
}

/** Undoes the escapes of a quoted string (RFC 1035 §5.1); undefined where one is no byte. */
function unescaped(text: string): string | undefined {
  let broken = false;
  const plain = text.replace(/\\(\d{3}|.)/g, (_, escaped: string) => {
    if (!/^\d/.test(escaped)) return escaped;
    if (escaped.length < 3 || Number(escaped) > 255) broken = true;
    return String.fromCharCode(Number(escaped));
  });
  return broken ? undefined : plain;
}

function isNumber(text: string | undefined, most: number): text is string {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= most;
}

function good(data: RecordData): ParsedRecordData {
  return { ok: true, data };
}

function bad(problem: string): ParsedRecordData {
  return { ok: false, problem };
}

function badTarget(type: 'CNAME' | 'NS' | 'MX'): ParsedRecordData {
  const example = type === 'MX' ? '10 mail.example.' : 'host.example.';
  return bad(
    `The target of a record of type ${type} is a full name with a dot at its end: write it like ${example}`,
  );
}
