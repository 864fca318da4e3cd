import { randomBytes } from 'node:crypto';
import type {
  DnsRecord,
  DomainDirectory,
  DomainStatus,
  DomainView,
  NamespaceView,
  Profile,
  RecordType,
} from '../../directory.js';

/** What a domain in the directory is told to be. */
export interface DomainSketch {
  readonly status?: DomainStatus;
  readonly profile?: Profile;
  /** `[name, type, data, ttlSeconds?]` */
  readonly records?: readonly (readonly [string, RecordType, string, number?])[];
}

/** When every domain here was registered, and for how long. */
const registeredMs = Date.UTC(2026, 3, 23);
const yearMs = 365 * 86_400_000;
const graceMs = 40 * 86_400_000;

/** A directory over a Map: what is put into it is found at once, and the serial grows. */
export class MemoryDirectory implements DomainDirectory {
  readonly #namespaces: readonly NamespaceView[];
  readonly #domains = new Map<string, DomainView>();
  #serial = 1;
  /** Asked so often. */
  finds = 0;

  constructor(...namespaces: readonly (string | NamespaceView)[]) {
    this.#namespaces = namespaces.map((each) => (typeof each === 'string' ? namespaceOf(each) : each));
  }

  put(fqdn: string, sketch: DomainSketch = {}): DomainView {
    const [name = '', ...rest] = fqdn.split('.');
    const records = (sketch.records ?? []).map(([owner, type, data, ttlSeconds]): DnsRecord => {
      return {
        id: `rec_${randomBytes(10).toString('hex')}`,
        name: owner,
        type,
        data,
        ttlSeconds: ttlSeconds ?? 300,
      };
    });
    const expiresMs = registeredMs + yearMs;
    const domain: DomainView = {
      fqdn,
      name,
      namespace: rest.join('.'),
      status: sketch.status ?? 'registered',
      owner: 'agt_0123456789abcdef',
      registeredMs,
      expiresMs,
      graceEndsMs: expiresMs + graceMs,
      profile: sketch.profile ?? {},
      records,
    };
    this.#domains.set(fqdn, domain);
    this.#serial += 1;
    return domain;
  }

  release(fqdn: string): void {
    if (this.#domains.delete(fqdn)) this.#serial += 1;
  }

  namespaces(): readonly NamespaceView[] {
    return this.#namespaces;
  }

  async find(fqdn: string): Promise<DomainView | undefined> {
    this.finds += 1;
    return this.#domains.get(fqdn);
  }

  async *all(namespace: string): AsyncIterable<DomainView> {
    const mine = [...this.#domains.values()].filter((domain) => domain.namespace === namespace);
    yield* mine.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async serial(): Promise<number> {
    return this.#serial;
  }
}

/** A namespace with two name servers, one of them inside it. */
export function namespaceOf(name: string): NamespaceView {
  return {
    name,
    nameServers: [`ns1.${name}.`, 'ns2.dns.example.'],
    contact: `hostmaster.${name}.`,
    prices: ['0.52 pathUSD', '1000 sat'],
  };
}
