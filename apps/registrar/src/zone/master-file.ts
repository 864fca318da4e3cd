import type { DomainDirectory } from '../directory.js';
import { type Name, nameText, parseName } from '../dns/name.js';
import { domainNodes } from './domain-nodes.js';
import type { RecordSet, ZoneNode, ZoneNodes } from './nodes.js';
import { presentation } from './presentation.js';
import { apexTtlSeconds, type ZoneSettings } from './settings.js';
import { createZones } from './zones.js';

/**
 * Writes a namespace as a master file (RFC 1035 §5), line by line, so that a large one needs no memory. The order is stable:
 * our own records, then the domains in the order of their names; the same directory gives the same file. Names are written
 * in full. The serial is read before the first line, so a file is never older than it says.
 *
 * Throws where the namespace is not one of the directory's.
 */
export async function* exportZone(
  directory: DomainDirectory,
  namespace: string,
  settings: ZoneSettings,
): AsyncGenerator<string> {
  const zones = createZones(directory, settings);
  const origin = parseName(namespace);
  const zone = origin && zones.zoneOf(origin);
  if (origin === undefined || zone === undefined || zone.origin.length !== origin.length) {
    throw new Error(`There is no namespace ${namespace}: name one that the configuration has.`);
  }
  const soa = await zones.soa(zone);
  yield `$ORIGIN ${nameText(origin)}\n`;
  yield `$TTL ${apexTtlSeconds}\n`;
  yield* linesOf(origin, soa);
  yield* nodeLines(zone.own, origin, true);
  for await (const domain of directory.all(zone.namespace.name)) {
    const nodes = domainNodes(domain, settings);
    const top = parseName(domain.fqdn);
    // A longer namespace below this one is a zone of its own, and our own name servers cannot be shadowed.
    const ours = top !== undefined && zones.zoneOf(top)?.origin.length === origin.length;
    if (nodes !== undefined && ours && !zone.own.has(nameText(top))) yield* nodeLines(nodes, top, false);
  }
}

/** The lines of names in canonical order (RFC 4034 §6.1): a name before those below it. */
function* nodeLines(nodes: ZoneNodes, top: Name, isZoneApex: boolean): Generator<string> {
  const ordered = [...nodes.values()].sort((one, other) => compare(orderKey(one.name), orderKey(other.name)));
  for (const node of ordered) {
    const cut = cutAbove(nodes, node.name, isZoneApex ? top.length + 1 : top.length);
    const sets = [...node.sets.values()].filter((set) => cut === undefined || crosses(cut, node, set));
    for (const set of sets.sort((one, other) => compare(one.type, other.type)))
      yield* linesOf(node.name, set);
  }
}

/** The delegation that a name is at or below; `fromLabels` leaves out the zone's own apex, whose NS delegate nothing. */
function cutAbove(nodes: ZoneNodes, name: Name, fromLabels: number): ZoneNode | undefined {
  for (let labels = fromLabels; labels <= name.length; labels += 1) {
    const node = nodes.get(nameText(name.slice(name.length - labels)));
    if (node?.sets.has('NS')) return node;
  }
  return undefined;
}

/** At and below a delegation only its NS records and the addresses of its servers are said (RFC 1034 §4.2.1). */
function crosses(cut: ZoneNode, node: ZoneNode, set: RecordSet): boolean {
  if (node === cut && set.type === 'NS') return true;
  if (set.type !== 'A' && set.type !== 'AAAA') return false;
  const servers = cut.sets.get('NS')?.data ?? [];
  return servers.some((data) => data.type === 'NS' && nameText(data.target) === nameText(node.name));
}

function* linesOf(name: Name, set: RecordSet): Generator<string> {
  const texts = set.data.map(presentation);
  // The order of NS records is kept: the first is the primary of the SOA.
  if (set.type !== 'NS') texts.sort(compare);
  for (const text of texts) yield `${nameText(name)}\t${set.ttlSeconds}\tIN\t${set.type}\t${text}\n`;
}

function orderKey(name: Name): string {
  return [...name].reverse().join('\u0000');
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
