import { type Name, nameText } from '../dns/name.js';
import type { RecordData } from './record-data.js';

/** All records of one name and type. They share the shortest of their times (RFC 2181 §5.2). */
export interface RecordSet {
  readonly type: RecordData['type'];
  readonly ttlSeconds: number;
  readonly data: readonly RecordData[];
}

/** One existing name: its record sets by type. A name that exists only because of those below it has none. */
export interface ZoneNode {
  readonly name: Name;
  readonly sets: ReadonlyMap<string, RecordSet>;
}

/** Existing names by their texts ({@link nameText}), all at or below one name, with every empty one in between. */
export type ZoneNodes = ReadonlyMap<string, ZoneNode>;

/** One record to be placed. */
export interface PlacedRecord {
  readonly name: Name;
  readonly ttlSeconds: number;
  readonly data: RecordData;
}

interface GrowingSet {
  readonly type: RecordData['type'];
  ttlSeconds: number;
  readonly data: RecordData[];
  readonly seen: Set<string>;
}

interface Growing {
  readonly name: Name;
  readonly sets: Map<string, GrowingSet>;
}

/**
 * Sorts records into names. A name exists as soon as one below it does (RFC 4592 §2.2.2). Where a CNAME stands beside other
 * records it is left out, and of two the first stays: an alias has nothing beside it (RFC 1034 §3.6.2).
 */
export function growNodes(top: Name, records: Iterable<PlacedRecord>): ZoneNodes {
  const nodes = new Map<string, Growing>();
  const nodeAt = (name: Name): Growing => {
    const key = nameText(name);
    const known = nodes.get(key);
    if (known !== undefined) return known;
    const node: Growing = { name, sets: new Map() };
    nodes.set(key, node);
    if (name.length > top.length) nodeAt(name.slice(1));
    return node;
  };
  nodeAt(top);
  for (const { name, ttlSeconds, data } of records) {
    const { sets } = nodeAt(name);
    const set = sets.get(data.type);
    const key = sameness(data);
    if (set === undefined) {
      sets.set(data.type, { type: data.type, ttlSeconds, data: [data], seen: new Set([key]) });
    } else if (data.type !== 'CNAME') {
      set.ttlSeconds = Math.min(set.ttlSeconds, ttlSeconds);
      if (!set.seen.has(key)) set.data.push(data);
      set.seen.add(key);
    }
  }
  for (const { sets } of nodes.values()) if (sets.size > 1) sets.delete('CNAME');
  return nodes;
}

/** Equal for equal data. Every question sorts the records of a name, so that texts, which can be long, are not written out. */
function sameness(data: RecordData): string {
  if (data.type !== 'TXT') return JSON.stringify(data);
  return data.strings
    .map((each) => Buffer.from(each.buffer, each.byteOffset, each.length).toString('latin1'))
    .join('');
}
