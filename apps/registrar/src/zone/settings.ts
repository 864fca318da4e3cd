/** How the zones are made from the directory. */
export interface ZoneSettings {
  /** Where manifests and skill files are served, without a slash at the end: `https://registrar.example`. */
  readonly origin: string;
  /**
   * How the TXT pointers are written: `agent-manifest=https://…` (`equals`, the default), `agent-manifest:host/path`
   * (`colon`, the older convention of Handshake profiles), or both.
   */
  readonly pointerForm?: 'equals' | 'colon' | 'both';
  /**
   * What is answered for a name in grace: everything (`all`, the default: a late renewal breaks nothing), only our
   * pointers (`pointers`), or nothing, as if it were free (`none`).
   */
  readonly graceAnswers?: 'all' | 'pointers' | 'none';
  /** Addresses of the name servers that lie inside a namespace, by their full names in lower case: `ns1.agent.` → `['192.0.2.53']`. */
  readonly addresses?: ReadonlyMap<string, readonly string[]>;
}

/** How long our own records (SOA, NS, addresses of name servers) may be kept, seconds. */
export const apexTtlSeconds = 3_600;

/** How long the TXT pointers may be kept, seconds. */
export const pointerTtlSeconds = 300;

/** How long "there is no such name" may be kept, seconds: short, because a name may be sold the next second (RFC 2308 §5). */
export const negativeTtlSeconds = 60;

/** The SOA's times for secondaries, seconds (RFC 1912 §2.2). */
export const soaRefreshSeconds = 3_600;
/** When a secondary tries again after a failed refresh, seconds. */
export const soaRetrySeconds = 600;
/** When a secondary that hears nothing gives the zone up, seconds. */
export const soaExpireSeconds = 1_209_600;

/** The longest time that a record may be kept, seconds (RFC 2181 §8). */
export const ttlSecondsMax = 2_147_483_647;
