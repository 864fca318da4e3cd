import { type Answer, type CaaData, encode } from 'dns-packet';
import { nameText } from '../dns/name.js';
import type { RecordData } from '../zone/record-data.js';

/** Header and root owner of the one-record message that the library writes. */
const beforeType = 13;

/** A record from its type on: type, class IN, time, length and data (RFC 1035 §4.1.3), written by `dns-packet`. */
export function recordTail(data: RecordData, ttlSeconds: number): Uint8Array {
  const answer = libraryRecord(data, ttlSeconds);
  return encode({ type: 'response', answers: [answer] }).subarray(beforeType);
}

function libraryRecord(data: RecordData, ttl: number): Answer {
  const name = '.';
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return { name, ttl, type: data.type, data: data.address };
    case 'CNAME':
    case 'NS':
      return { name, ttl, type: data.type, data: nameText(data.target) };
    case 'MX':
      return {
        name,
        ttl,
        type: 'MX',
        data: { preference: data.preference, exchange: nameText(data.exchange) },
      };
    case 'TXT':
      return { name, ttl, type: 'TXT', data: data.strings.map((string) => Buffer.from(string)) };
    case 'CAA': {
      // The library's types name three tags; it writes any, and there are more (RFC 8659 §4.1).
      const tag = data.tag as CaaData['tag'];
      return { name, ttl, type: 'CAA', data: { flags: data.flags, tag, value: data.value } };
    }
    case 'TLSA': {
      const { usage, selector, matchingType, association } = data;
      return {
        name,
        ttl,
        type: 'TLSA',
        data: { usage, selector, matchingType, certificate: Buffer.from(association) },
      };
    }
    case 'SOA':
      return {
        name,
        ttl,
        type: 'SOA',
        data: {
          mname: nameText(data.primary),
          rname: data.contact,
          serial: data.serial,
          refresh: data.refreshSeconds,
          retry: data.retrySeconds,
          expire: data.expireSeconds,
          minimum: data.negativeSeconds,
        },
      };
    case 'HINFO':
      return { name, ttl, type: 'HINFO', data: { cpu: data.cpu, os: data.os } };
  }
}
