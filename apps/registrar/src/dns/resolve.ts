import type { RecordSet, ZoneNode, ZoneNodes } from '../zone/nodes.js';
import type { Zone, Zones } from '../zone/zones.js';
import { type Rcode, rcodes, typeAny, typeDs, typeNumbers } from './codes.js';
import { isWithin, type Name, nameText } from './name.js';

/** A record set under the name that it is given out for: with a wildcard, the name asked for. */
export interface OwnedSet {
  readonly owner: Name;
  readonly set: RecordSet;
}

/** What is to be answered. */
export interface Outcome {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly OwnedSet[];
  readonly authorities: readonly OwnedSet[];
  readonly additionals: readonly OwnedSet[];
  /** A referral is useless without its addresses: then what does not fit is truncated, not left out (RFC 9471). */
  readonly additionalsNeeded: boolean;
}

/** How many aliases are followed before the answer ends with the last one. */
export const aliasesMax = 8;

/** How many name servers of a delegation are looked up for addresses. */
export const glueServersMax = 8;

/** How long the stand-in for "everything" may be kept, seconds. */
const anyTtlSeconds = 3_600;

/** What one name has for a type of question. */
type Found =
  | { readonly kind: 'outside' }
  | { readonly kind: 'answer'; readonly set: RecordSet }
  | { readonly kind: 'alias'; readonly set: RecordSet }
  | { readonly kind: 'no-data' | 'no-name'; readonly zone: Zone }
  | { readonly kind: 'referral'; readonly zone: Zone; readonly cut: ZoneNode; readonly nodes: ZoneNodes };

const refused: Outcome = {
  rcode: rcodes.refused,
  authoritative: false,
  answers: [],
  authorities: [],
  additionals: [],
  additionalsNeeded: false,
};

/** Answers one question from the zones, as RFC 1034 §4.3.2 says, with wildcards as in RFC 4592 and aliases as in RFC 6604. */
export async function resolve(zones: Zones, name: Name, type: number): Promise<Outcome> {
  const answers: OwnedSet[] = [];
  const seen = new Set<string>();
  let owner = name;
  for (;;) {
    const found = await look(zones, owner, type);
    if (found.kind === 'outside') return answers.length === 0 ? refused : finish(answers);
    if (found.kind === 'answer') {
      answers.push({ owner, set: found.set });
      return finish(answers, await serverAddresses(zones, owner, found.set));
    }
    if (found.kind === 'referral') return refer(zones, answers, found);
    if (found.kind !== 'alias') {
      return { ...finish(answers), ...(await negative(zones, found.zone, found.kind)) };
    }
    answers.push({ owner, set: found.set });
    seen.add(nameText(owner));
    const [alias] = found.set.data;
    if (alias?.type !== 'CNAME' || seen.has(nameText(alias.target)) || seen.size >= aliasesMax) {
      return finish(answers);
    }
    owner = alias.target;
  }
}

async function look(zones: Zones, name: Name, type: number): Promise<Found> {
  const zone = zones.zoneOf(name);
  if (zone === undefined) return { kind: 'outside' };
  const { origin } = zone;
  if (name.length === origin.length) {
    const apex = zone.own.get(nameText(origin));
    const soa = type === typeNumbers.SOA ? await zones.soa(zone) : undefined;
    if (soa !== undefined) return { kind: 'answer', set: soa };
    return type === typeAny ? { kind: 'answer', set: everything } : choose(zone, apex, type);
  }
  const nodes = await zones.below(zone, name);
  if (nodes === undefined) return { kind: 'no-name', zone };
  return descend(zone, nodes, name, type);
}

/** Walks down from the registered name: a delegation on the way ends it, then the name itself, then a wildcard. */
function descend(zone: Zone, nodes: ZoneNodes, name: Name, type: number): Found {
  let encloser: Name = [];
  for (let labels = zone.origin.length + 1; labels <= name.length; labels += 1) {
    const at = name.slice(name.length - labels);
    const node = nodes.get(nameText(at));
    if (node === undefined) break;
    encloser = at;
    if (node.sets.has('NS') && !(type === typeDs && labels === name.length)) {
      return { kind: 'referral', zone, cut: node, nodes };
    }
  }
  if (encloser.length === name.length) return choose(zone, nodes.get(nameText(name)), type);
  const wildcard = nodes.get(nameText(['*', ...encloser]));
  return wildcard === undefined ? { kind: 'no-name', zone } : choose(zone, wildcard, type);
}

function choose(zone: Zone, node: ZoneNode | undefined, type: number): Found {
  const alias = node?.sets.get('CNAME');
  if (alias !== undefined) {
    return { kind: type === typeNumbers.CNAME || type === typeAny ? 'answer' : 'alias', set: alias };
  }
  if (type === typeAny && node !== undefined && node.sets.size > 0)
    return { kind: 'answer', set: everything };
  for (const set of node?.sets.values() ?? []) {
    if (typeNumbers[set.type] === type) return { kind: 'answer', set };
  }
  return { kind: 'no-data', zone };
}

/** Instead of everything there is, one small record that says so (RFC 8482 §4.2): nobody can amplify with it. */
const everything: RecordSet = {
  type: 'HINFO',
  ttlSeconds: anyTtlSeconds,
  data: [{ type: 'HINFO', cpu: 'RFC8482', os: '' }],
};

function finish(answers: readonly OwnedSet[], additionals: readonly OwnedSet[] = []): Outcome {
  return {
    rcode: rcodes.noError,
    authoritative: true,
    answers,
    authorities: [],
    additionals,
    additionalsNeeded: false,
  };
}

/** "No such name" and "no such data" carry the SOA, for as long as they may be kept (RFC 2308 §2, §3). */
async function negative(zones: Zones, zone: Zone, kind: 'no-data' | 'no-name'): Promise<Partial<Outcome>> {
  const soa = await zones.soa(zone);
  const [data] = soa.data;
  const keep = data?.type === 'SOA' ? Math.min(soa.ttlSeconds, data.negativeSeconds) : soa.ttlSeconds;
  return {
    rcode: kind === 'no-name' ? rcodes.nxDomain : rcodes.noError,
    authorities: [{ owner: zone.origin, set: { ...soa, ttlSeconds: keep } }],
  };
}

/** A delegation: its NS records, and the addresses of the servers that lie in our zones (RFC 1034 §4.3.2 step 3b). */
async function refer(
  zones: Zones,
  answers: readonly OwnedSet[],
  found: Extract<Found, { kind: 'referral' }>,
): Promise<Outcome> {
  const { cut, nodes } = found;
  const set = cut.sets.get('NS');
  const glue: OwnedSet[] = [];
  for (const data of (set?.data ?? []).slice(0, glueServersMax)) {
    if (data.type !== 'NS') continue;
    const near = isWithin(data.target, cut.name) ? nodes : await nodesAt(zones, data.target);
    glue.push(...addressesOf(near?.get(nameText(data.target)), data.target));
  }
  return {
    rcode: rcodes.noError,
    // The answer is ours only as far as an alias led here.
    authoritative: answers.length > 0,
    answers,
    authorities: set === undefined ? [] : [{ owner: cut.name, set }],
    additionals: glue,
    additionalsNeeded: glue.some(({ owner }) => isWithin(owner, cut.name)),
  };
}

/** With the namespace's own NS records go the addresses of those servers that lie in it. */
async function serverAddresses(zones: Zones, owner: Name, set: RecordSet): Promise<readonly OwnedSet[]> {
  const zone = set.type === 'NS' ? zones.zoneOf(owner) : undefined;
  if (zone === undefined) return [];
  return set.data.flatMap((data) =>
    data.type === 'NS' ? addressesOf(zone.own.get(nameText(data.target)), data.target) : [],
  );
}

async function nodesAt(zones: Zones, name: Name): Promise<ZoneNodes | undefined> {
  const zone = zones.zoneOf(name);
  return zone === undefined || name.length === zone.origin.length ? undefined : zones.below(zone, name);
}

function addressesOf(node: ZoneNode | undefined, owner: Name): readonly OwnedSet[] {
  const sets = [node?.sets.get('A'), node?.sets.get('AAAA')];
  return sets.flatMap((set) => (set === undefined ? [] : [{ owner, set }]));
}
