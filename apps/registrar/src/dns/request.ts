import { classIn, type Rcode, rcodes, transferTypes, typeOpt } from './codes.js';
import { lowerAscii, type Name, nameBytesMax } from './name.js';

/** The header of a message, as far as an answer repeats it (RFC 1035 §4.1.1). */
export interface RequestHead {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
}

/** What EDNS said (RFC 6891 §6.1.3). */
export interface Edns {
  readonly version: number;
  /** How many bytes of UDP the asker takes. */
  readonly udpBytes: number;
  /** Wants DNSSEC records; there are none, the bit is repeated (RFC 3225 §3). */
  readonly dnssecOk: boolean;
}

/** The one question of a query. */
export interface Question {
  readonly name: Name;
  readonly type: number;
  /** The question section as it came, upper case and all: it is repeated to the letter. */
  readonly raw: Uint8Array;
}

/** A message as it is to be treated: answered, refused with a code, or not answered at all. */
export type Request =
  | { readonly kind: 'query'; readonly head: RequestHead; readonly question: Question; readonly edns?: Edns }
  | {
      readonly kind: 'refuse';
      readonly head: RequestHead;
      readonly rcode: Rcode;
      readonly raw?: Uint8Array;
      readonly edns?: Edns;
    }
  | { readonly kind: 'drop' };

/** The longest query that is read, bytes. Questions take under 300; the rest is room for EDNS options. */
export const queryBytesMax = 4_096;

const headBytes = 12;
const pointerBits = 0xc0;
/** No client needs more than OPT and a signature. */
const additionalsMax = 4;

/**
 * Reads a message. Answers (QR set) and what is shorter than a header are dropped, so that no two servers ever talk in
 * circles; the rest gets an answer: NOTIMP for other operations, FORMERR for what is malformed (RFC 1035 §4.1.1, RFC 9619).
 */
export function readRequest(message: Uint8Array): Request {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (bytes.length < headBytes) return { kind: 'drop' };
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return { kind: 'drop' };
  const head: RequestHead = {
    id: bytes.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x0100) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
  };
  const refuse = (rcode: Rcode): Request => ({ kind: 'refuse', head, rcode });
  if (head.opcode !== 0) return refuse(rcodes.notImp);
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at));
  const shape = questions === 1 && answers === 0 && (additionals ?? 0) <= additionalsMax;
  if (bytes.length > queryBytesMax || !shape) return refuse(rcodes.formErr);
  const question = readQuestion(bytes);
  if (question === undefined) return refuse(rcodes.formErr);
  const { raw } = question;
  // Only incremental transfers bring an authority section, and those are refused by their type.
  if (authorities !== 0 && !transferTypes.has(question.type)) return refuse(rcodes.formErr);
  const rest = readRecords(bytes, headBytes + raw.length, (authorities ?? 0) + (additionals ?? 0));
  if (rest === undefined) return refuse(rcodes.formErr);
  const edns = rest.edns === undefined ? {} : { edns: rest.edns };
  if (rest.edns !== undefined && rest.edns.version !== 0) {
    return { kind: 'refuse', head, rcode: rcodes.badVers, raw, ...edns };
  }
  if (question.type === typeOpt || question.type === 0) {
    return { kind: 'refuse', head, rcode: rcodes.formErr, raw, ...edns };
  }
  // Zones leave by the export, not by AXFR; other classes have no data here.
  if (question.class !== classIn || transferTypes.has(question.type)) {
    return { kind: 'refuse', head, rcode: rcodes.refused, raw, ...edns };
  }
  return { kind: 'query', head, question, ...edns };
}

function readQuestion(bytes: Buffer): (Question & { readonly class: number }) | undefined {
  const labels: string[] = [];
  let at = headBytes;
  for (;;) {
    const length = bytes[at];
    // There is nothing before the question that a pointer could lead to.
    if (length === undefined || (length & pointerBits) !== 0) return undefined;
    at += 1;
    if (length === 0) break;
    if (at + length - headBytes > nameBytesMax - 1) return undefined;
    labels.push(lowerAscii(bytes.toString('latin1', at, at + length)));
    at += length;
  }
  if (at + 4 > bytes.length) return undefined;
  return {
    name: labels,
    type: bytes.readUInt16BE(at),
    class: bytes.readUInt16BE(at + 2),
    raw: bytes.subarray(headBytes, at + 4),
  };
}

/** Walks over the records after the question and picks the OPT record; undefined where one is malformed or OPT comes twice. */
function readRecords(bytes: Buffer, from: number, count: number): { readonly edns?: Edns } | undefined {
  let at = from;
  let edns: Edns | undefined;
  for (let record = 0; record < count; record += 1) {
    const rootOwner = bytes[at] === 0;
    const afterName = skipName(bytes, at);
    if (afterName === undefined || afterName + 10 > bytes.length) return undefined;
    const type = bytes.readUInt16BE(afterName);
    const dataAt = afterName + 10;
    const end = dataAt + bytes.readUInt16BE(afterName + 8);
    if (end > bytes.length) return undefined;
    if (type === typeOpt) {
      if (edns !== undefined || !rootOwner || !optionsFit(bytes, dataAt, end)) return undefined;
      edns = {
        udpBytes: bytes.readUInt16BE(afterName + 2),
        version: bytes.readUInt8(afterName + 5),
        dnssecOk: (bytes.readUInt16BE(afterName + 6) & 0x8000) !== 0,
      };
    }
    at = end;
  }
  if (at !== bytes.length) return undefined;
  return edns === undefined ? {} : { edns };
}

/** Where a name ends. Pointers are not followed: they end the name. */
function skipName(bytes: Buffer, from: number): number | undefined {
  let at = from;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || at - from > nameBytesMax) return undefined;
    if ((length & pointerBits) === pointerBits) return at + 2;
    if ((length & pointerBits) !== 0) return undefined;
    at += 1 + length;
    if (length === 0) return at;
  }
}

function optionsFit(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at + 4 <= end) at += 4 + bytes.readUInt16BE(at + 2);
  return at === end;
}
