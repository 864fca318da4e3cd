import { isIPv4 } from 'node:net';
import type { DomainDirectory, NamespaceView } from '../directory.js';
import { isWithin, type Name, nameText, parseName } from '../dns/name.js';
import { domainNodes } from './domain-nodes.js';
import { growNodes, type PlacedRecord, type RecordSet, type ZoneNodes } from './nodes.js';
import { parseRecordData } from './record-data.js';
import {
  apexTtlSeconds,
  negativeTtlSeconds,
  soaExpireSeconds,
  soaRefreshSeconds,
  soaRetrySeconds,
  type ZoneSettings,
} from './settings.js';

/** One zone: a namespace, with what the registrar itself put into it. */
export interface Zone {
  readonly origin: Name;
  readonly namespace: NamespaceView;
  /** The apex with its NS records, and the addresses of name servers inside the namespace. */
  readonly own: ZoneNodes;
}

/** The zones that the directory's namespaces are. */
export interface Zones {
  /** The zone that a name belongs to: the longest namespace it lies in. */
  zoneOf(name: Name): Zone | undefined;
  /** Every zone. */
  all(): readonly Zone[];
  /**
   * The existing names at and below the label under the namespace that `name` has; undefined where nobody registered it.
   * `name` lies below the zone's origin. The registrar's own name servers cannot be shadowed by a registered name.
   */
  below(zone: Zone, name: Name): Promise<ZoneNodes | undefined>;
  /** The SOA record, with the serial of now. */
  soa(zone: Zone): Promise<RecordSet>;
}

/** Serials are 32 bits and wrap around (RFC 1982). */
const serialModulus = 2 ** 32;

/** Reads zones from the directory; nothing is kept, so that an answer is as new as the directory. */
export function createZones(directory: DomainDirectory, settings: ZoneSettings): Zones {
  return {
    zoneOf(name) {
      let best: { origin: Name; namespace: NamespaceView } | undefined;
      for (const namespace of directory.namespaces()) {
        const origin = parseName(namespace.name);
        if (origin === undefined || !isWithin(name, origin)) continue;
        if (best === undefined || origin.length > best.origin.length) best = { origin, namespace };
      }
      return best && { ...best, own: ownNodes(best.origin, best.namespace, settings) };
    },
    all() {
      return directory.namespaces().flatMap((namespace) => {
        const origin = parseName(namespace.name);
        return origin === undefined
          ? []
          : [{ origin, namespace, own: ownNodes(origin, namespace, settings) }];
      });
    },
    async below(zone, name) {
      const top = name.slice(name.length - zone.origin.length - 1);
      if (zone.own.has(nameText(top))) {
        return new Map([...zone.own].filter(([, node]) => isWithin(node.name, top)));
      }
      const label = top[0] ?? '';
      // Odd bytes and wildcards are nobody's: the directory is not asked about them.
      if (!/^[a-z0-9_-]+$/.test(label)) return undefined;
      const domain = await directory.find(top.join('.'));
      return domain && domainNodes(domain, settings);
    },
    async soa(zone) {
      const serial = await directory.serial(zone.namespace.name);
      return soaSet(zone, serial);
    },
  };
}

/** The labels under a namespace that its name servers take: nobody should be sold them. */
export function nameServerLabels(namespace: Pick<NamespaceView, 'name' | 'nameServers'>): readonly string[] {
  const origin = parseName(namespace.name) ?? [];
  return namespace.nameServers.flatMap((server) => {
    const name = parseName(server);
    if (name === undefined || name.length <= origin.length || !isWithin(name, origin)) return [];
    return name.slice(name.length - origin.length - 1, name.length - origin.length);
  });
}

function ownNodes(origin: Name, namespace: NamespaceView, settings: ZoneSettings): ZoneNodes {
  const records: PlacedRecord[] = [];
  for (const server of namespace.nameServers) {
    const target = parseName(server);
    if (target === undefined) continue;
    records.push({ name: origin, ttlSeconds: apexTtlSeconds, data: { type: 'NS', target } });
    if (!isWithin(target, origin) || target.length === origin.length) continue;
    for (const address of addressesOf(target, settings)) {
      const parsed = parseRecordData(isIPv4(address) ? 'A' : 'AAAA', address);
      if (parsed.ok) records.push({ name: target, ttlSeconds: apexTtlSeconds, data: parsed.data });
    }
  }
  return growNodes(origin, records);
}

/** The configured addresses of a name server, written with or without the dot at its end. */
function addressesOf(server: Name, { addresses }: ZoneSettings): readonly string[] {
  return addresses?.get(nameText(server)) ?? addresses?.get(server.join('.')) ?? [];
}

function soaSet(zone: Zone, serial: number): RecordSet {
  const { origin, namespace } = zone;
  const fallback = `hostmaster.${nameText(origin)}`;
  const contact = /^(?:[A-Za-z0-9_+-]|\\\.)+(?:\.[A-Za-z0-9_-]{1,63})+\.$/.test(namespace.contact)
    ? namespace.contact
    : fallback;
  return {
    type: 'SOA',
    ttlSeconds: apexTtlSeconds,
    data: [
      {
        type: 'SOA',
        primary: parseName(namespace.nameServers[0] ?? '.') ?? [],
        contact,
        serial: ((Math.trunc(serial) % serialModulus) + serialModulus) % serialModulus,
        refreshSeconds: soaRefreshSeconds,
        retrySeconds: soaRetrySeconds,
        expireSeconds: soaExpireSeconds,
        negativeSeconds: negativeTtlSeconds,
      },
    ],
  };
}
