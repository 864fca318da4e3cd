import type { DnsRecord, DomainView } from '../directory.js';
import { type Name, parseName } from '../dns/name.js';
import { growNodes, type PlacedRecord, type ZoneNodes } from './nodes.js';
import { pointerTexts } from './pointers.js';
import { characterStrings, parseRecordData } from './record-data.js';
import { pointerTtlSeconds, ttlSecondsMax, type ZoneSettings } from './settings.js';

/**
 * The names of one registered domain, with our pointers at its apex. Undefined where nothing is to be answered for it: in
 * grace with `graceAnswers: none`. Records that cannot be read are left out; those who write records check them first.
 */
export function domainNodes(domain: DomainView, settings: ZoneSettings): ZoneNodes | undefined {
  const top = parseName(domain.fqdn);
  const grace = domain.status === 'grace' ? (settings.graceAnswers ?? 'all') : 'all';
  if (top === undefined || grace === 'none') return undefined;
  const placed: PlacedRecord[] = pointerTexts(domain.fqdn, settings).map((text) => ({
    name: top,
    ttlSeconds: pointerTtlSeconds,
    data: { type: 'TXT', strings: characterStrings(text) },
  }));
  if (grace === 'all') for (const record of domain.records) placed.push(...place(record, top));
  return growNodes(top, placed);
}

function place(record: DnsRecord, top: Name): readonly PlacedRecord[] {
  const name = record.name === '@' ? top : parseName(`${record.name}.${top.join('.')}`);
  const parsed = parseRecordData(record.type, record.data);
  if (name === undefined || !parsed.ok) return [];
  // A delegation of "all other names" has no defined meaning (RFC 4592 §4.2).
  if (record.type === 'NS' && name[0] === '*') return [];
  const ttlSeconds = Math.min(Math.max(Math.trunc(record.ttlSeconds) || 0, 0), ttlSecondsMax);
  return [{ name, ttlSeconds, data: parsed.data }];
}
