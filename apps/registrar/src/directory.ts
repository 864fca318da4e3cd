// What is known of registered names, for whoever only reads: the DNS server, the pages, the documents.

/** Record types that an owner may set. SOA and the namespace's own NS records are the registrar's. */
export const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'NS', 'CAA', 'TLSA'] as const;
/** One of {@link recordTypes}. */
export type RecordType = (typeof recordTypes)[number];

/** One DNS record as its owner wrote it, checked. */
export interface DnsRecord {
  /** `rec_` and 20 hex characters. */
  readonly id: string;
  /** Relative to the domain, in lower case: `@` for the domain itself, `www`, `_443._tcp`, `*`. */
  readonly name: string;
  readonly type: RecordType;
  readonly ttlSeconds: number;
  /**
   * In the presentation form of master files (RFC 1035 §5.1) without quotation marks: `192.0.2.1`, `10 mail.example.`,
   * `0 issue "ca.example"` for CAA, `3 1 1 d2ab…` for TLSA; for TXT the text itself.
   */
  readonly data: string;
}

/** What an owner tells of a domain (`bio` of the API). Every text is the owner's word, not ours. */
export interface Profile {
  readonly name?: string;
  readonly bio?: string;
  readonly category?: string;
  readonly pfp?: string;
  readonly link?: string;
  readonly x?: string;
  readonly capabilities?: readonly string[];
  readonly workflows?: readonly string[];
}

/**
 * Where a registered name is in its life. `expiring`: within 30 days of its end; `grace`: over, and still only its
 * owner's to renew, for 40 days; then it is released and unknown here.
 */
export type DomainStatus = 'registered' | 'expiring' | 'grace';

/** One registered name. */
export interface DomainView {
  /** `myname.agent`, ASCII in lower case (A-labels). */
  readonly fqdn: string;
  readonly name: string;
  readonly namespace: string;
  readonly status: DomainStatus;
  /** `agt_…`: the agent who owns it. */
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly registeredMs: number;
  readonly expiresMs: number;
  readonly graceEndsMs: number;
  readonly profile: Profile;
  readonly records: readonly DnsRecord[];
}

/** One namespace that names are sold in. */
export interface NamespaceView {
  /** ASCII in lower case: `agent`, `chatbot`. */
  readonly name: string;
  /** Its name servers, absolute with a dot at the end. */
  readonly nameServers: readonly string[];
  /** Mailbox of the SOA record, as a name: `hostmaster.agent.`. */
  readonly contact: string;
  /** What a year costs, as people write it: `0.52 pathUSD`, `1000 sat`. */
  readonly prices: readonly string[];
}

/** Reads registered names. A name in grace is still found; a released one is not. */
export interface DomainDirectory {
  namespaces(): readonly NamespaceView[];
  /** By full name, ASCII in lower case. */
  find(fqdn: string): Promise<DomainView | undefined>;
  /** All of a namespace, in the order of their names. */
  all(namespace: string): AsyncIterable<DomainView>;
  /** Grows with every change of a namespace's names or records: the SOA's serial. */
  serial(namespace: string): Promise<number>;
}
