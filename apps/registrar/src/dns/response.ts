import { type Rcode, typeOpt } from './codes.js';
import type { Name } from './name.js';
import { recordTail } from './record-wire.js';
import type { Edns, RequestHead } from './request.js';
import type { OwnedSet } from './resolve.js';

/** Everything that goes into an answer. */
export interface ResponseParts {
  readonly head: RequestHead;
  /** The question section as it came; without it where it could not be read. */
  readonly question?: Uint8Array;
  /** The name in the question: names in the answer point to it. */
  readonly name?: Name;
  readonly rcode: Rcode;
  readonly authoritative?: boolean;
  readonly answers?: readonly OwnedSet[];
  readonly authorities?: readonly OwnedSet[];
  readonly additionals?: readonly OwnedSet[];
  readonly additionalsNeeded?: boolean;
  readonly edns?: Edns;
}

/** How large an answer over UDP may be whatever the asker would take, bytes: it passes unfragmented everywhere. */
export const udpAnswerBytesMax = 1_232;

/** What every asker takes, bytes (RFC 1035 §4.2.1). */
export const udpAnswerBytesMin = 512;

/** The longest message with a two-byte length before it. */
export const tcpAnswerBytesMax = 65_535;

const headBytes = 12;
const optBytes = 11;

/** How many bytes an asker takes over UDP (RFC 6891 §6.2.3). */
export function udpLimit(edns: Edns | undefined): number {
  return Math.min(Math.max(edns?.udpBytes ?? 0, udpAnswerBytesMin), udpAnswerBytesMax);
}

/**
 * Writes an answer of at most `limit` bytes. What does not fit: addresses that are only convenient are left out, and
 * everything else sets TC and leaves all records out, so that nobody works with half a record set (RFC 2181 §9).
 */
export function writeResponse(parts: ResponseParts, limit: number): Buffer {
  const question = parts.question ?? new Uint8Array();
  const room = limit - headBytes - question.length - (parts.edns === undefined ? 0 : optBytes);
  const writer = new SectionWriter(parts.name ?? [], room);
  const main = [parts.answers ?? [], parts.authorities ?? []].map((sets) => writer.all(sets));
  const more = writer.all(parts.additionals ?? []);
  const cut =
    main.includes(undefined) || (more === undefined && parts.additionalsNeeded === true) || room < 0;
  const counts = cut ? [0, 0, 0] : [...main.map((count) => count ?? 0), more ?? 0];
  const opt = parts.edns === undefined ? [] : [optRecord(parts.edns, parts.rcode)];
  const head = writeHead(parts, cut, counts, opt.length);
  return Buffer.concat([head, question, ...(cut ? [] : writer.pieces), ...opt]);
}

/** An answer without records that says: ask again over TCP. Never longer than the question that it answers, but for OPT. */
export function writeTruncated(parts: ResponseParts): Buffer {
  const head = writeHead(parts, true, [0, 0, 0], parts.edns === undefined ? 0 : 1);
  const opt = parts.edns === undefined ? [] : [optRecord(parts.edns, parts.rcode)];
  return Buffer.concat([head, parts.question ?? new Uint8Array(), ...opt]);
}

class SectionWriter {
  readonly #question: Name;
  readonly pieces: Uint8Array[] = [];
  #room: number;

  constructor(question: Name, room: number) {
    this.#question = question;
    this.#room = room;
  }

  /** Adds sets as a whole; undefined, and nothing added, where they do not all fit. */
  all(sets: readonly OwnedSet[]): number | undefined {
    const pieces: Uint8Array[] = [];
    let room = this.#room;
    for (const { owner, set } of sets) {
      const name = ownerBytes(owner, this.#question);
      for (const data of set.data) {
        const tail = recordTail(data, set.ttlSeconds);
        room -= name.length + tail.length;
        if (room < 0) return undefined;
        pieces.push(name, tail);
      }
    }
    this.#room = room;
    this.pieces.push(...pieces);
    return pieces.length / 2;
  }
}

/** A name whose end is in the question points there (RFC 1035 §4.1.4), and so keeps the asker's upper and lower case. */
function ownerBytes(owner: Name, question: Name): Uint8Array {
  let shared = 0;
  while (
    shared < Math.min(owner.length, question.length) &&
    owner[owner.length - 1 - shared] === question[question.length - 1 - shared]
  ) {
    shared += 1;
  }
  const own = owner
    .slice(0, owner.length - shared)
    .flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  if (shared === 0) return Buffer.concat([...own, Buffer.from([0])]);
  const before = question.slice(0, question.length - shared);
  const offset = before.reduce((sum, label) => sum + label.length + 1, headBytes);
  return Buffer.concat([...own, Buffer.from([0xc0 | (offset >> 8), offset & 0xff])]);
}

function writeHead(parts: ResponseParts, cut: boolean, counts: readonly number[], opts: number): Buffer {
  const { head, rcode } = parts;
  const [answers = 0, authorities = 0, additionals = 0] = counts;
  const bytes = Buffer.alloc(headBytes);
  bytes.writeUInt16BE(head.id, 0);
  bytes.writeUInt16BE(
    0x8000 |
      (head.opcode << 11) |
      (parts.authoritative === true ? 0x0400 : 0) |
      (cut ? 0x0200 : 0) |
      (head.recursionDesired ? 0x0100 : 0) |
      (head.checkingDisabled ? 0x0010 : 0) |
      (rcode & 0xf),
    2,
  );
  bytes.writeUInt16BE(parts.question === undefined ? 0 : 1, 4);
  bytes.writeUInt16BE(answers, 6);
  bytes.writeUInt16BE(authorities, 8);
  bytes.writeUInt16BE(additionals + opts, 10);
  return bytes;
}

/** Our OPT record: what we take over UDP, the upper bits of the code, version 0, and the DO bit repeated. */
function optRecord(edns: Edns, rcode: Rcode): Buffer {
  const bytes = Buffer.alloc(optBytes);
  bytes.writeUInt16BE(typeOpt, 1);
  bytes.writeUInt16BE(udpAnswerBytesMax, 3);
  bytes.writeUInt8(rcode >> 4, 5);
  bytes.writeUInt16BE(edns.dnssecOk ? 0x8000 : 0, 7);
  return bytes;
}
