import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type Answer, type DecodedPacket, decode, encode } from 'dns-packet';
import type { DomainDirectory } from '../../directory.js';
import type { ZoneSettings } from '../../zone/settings.js';
import { createZones } from '../../zone/zones.js';
import { createResponder, type Responder } from '../responder.js';

/** The settings that the tests use. */
export const settings: ZoneSettings = {
  origin: 'https://registrar.example',
  addresses: new Map([['ns1.agent.', ['192.0.2.53', '2001:db8::53']]]),
};

/** A decoded answer: the library's, with the code that its types leave out. */
export type Decoded = DecodedPacket & { readonly rcode: string };

/** A responder that fails the test where the directory fails. */
export function responderOf(directory: DomainDirectory, own: ZoneSettings = settings): Responder {
  return createResponder(createZones(directory, own), (error) => {
    throw error;
  });
}

/** A query for one name, with EDNS where a size is given. */
export function queryOf(name: string, type: string, ednsBytes?: number): Buffer {
  const additionals: Answer[] =
    ednsBytes === undefined
      ? []
      : [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: ednsBytes,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ];
  // The library takes any type's name; its types know those it has its own encoding for.
  const questions = [{ name, type: type as 'A' }];
  return encode({ type: 'query', id: 4_711, flags: 0x100, questions, additionals });
}

/** Decodes an answer. */
export function decoded(message: Buffer | undefined): Decoded {
  if (message === undefined) throw new Error('There was no answer.');
  // `rcode` is there and missing from the library's types.
  return decode(message) as Decoded;
}

/** Asks a responder and decodes. */
export async function ask(responder: Responder, name: string, type: string): Promise<Decoded> {
  return decoded(await responder(queryOf(name, type, 1_232), 'udp'));
}

/** The records of a section as `owner type data`, the data as short text. */
export function shown(records: readonly Answer[] | undefined): readonly string[] {
  return (records ?? [])
    .filter(({ type }) => type !== 'OPT')
    .map((record) => `${record.name} ${record.type} ${dataText('data' in record ? record.data : '')}`);
}

function dataText(data: unknown): string {
  if (Array.isArray(data)) return data.map((part) => Buffer.from(part).toString()).join('|');
  if (Buffer.isBuffer(data)) return data.toString('hex');
  return typeof data === 'string' ? data : Object.values(Object(data)).map(String).join(' ');
}

/** Sends a datagram, so many times, and waits for the first that comes back. */
export function askUdp(port: number, message: Uint8Array, times = 1): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.once('message', (answer) => {
      socket.close();
      resolve(answer);
    });
    for (let at = 0; at < times; at += 1) socket.send(message, port, '127.0.0.1');
  });
}

/** Messages with their lengths before them. */
export function framed(...messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => [Buffer.from([message.length >> 8, message.length & 0xff]), message]),
  );
}

/** Sends bytes over TCP, says that it is all, and gives the messages that come until the other side closes. */
export function askTcp(port: number, bytes: Uint8Array): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => {
      const all = Buffer.concat(chunks);
      const messages: Buffer[] = [];
      for (let at = 0; at + 2 <= all.length; ) {
        const length = all.readUInt16BE(at);
        messages.push(all.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
      resolve(messages);
    });
  });
}
