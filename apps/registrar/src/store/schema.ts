/** The schema's version; a store of another is refused. */
export const schemaVersion = 1;

/** Every table, in the words that both kinds of store understand. Times are milliseconds since the epoch. */
export const schemaStatements: readonly string[] = [
  `CREATE TABLE schema_version (version BIGINT NOT NULL)`,
  `CREATE TABLE agent (
    id TEXT PRIMARY KEY, name TEXT, payer TEXT UNIQUE, key_hash TEXT UNIQUE, claim_hash TEXT UNIQUE,
    human TEXT, created_ms BIGINT NOT NULL, revoked_ms BIGINT)`,
  `CREATE TABLE domain (
    fqdn TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL REFERENCES agent (id),
    registered_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL, order_id TEXT NOT NULL, method TEXT NOT NULL,
    reference TEXT, profile TEXT NOT NULL)`,
  `CREATE INDEX domain_owner ON domain (owner, fqdn)`,
  `CREATE INDEX domain_namespace ON domain (namespace, name)`,
  `CREATE INDEX domain_end ON domain (expires_ms)`,
  `CREATE TABLE record (
    id TEXT PRIMARY KEY, fqdn TEXT NOT NULL REFERENCES domain (fqdn), name TEXT NOT NULL, type TEXT NOT NULL,
    ttl BIGINT NOT NULL, data TEXT NOT NULL, created_ms BIGINT NOT NULL, UNIQUE (fqdn, name, type, data))`,
  `CREATE TABLE name_lock (
    fqdn TEXT PRIMARY KEY, holder TEXT NOT NULL, client TEXT NOT NULL, session TEXT NOT NULL,
    taken_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL, extensions BIGINT NOT NULL)`,
  `CREATE INDEX lock_holder ON name_lock (holder, until_ms)`,
  `CREATE INDEX lock_client ON name_lock (client, until_ms)`,
  `CREATE TABLE purchase (
    id TEXT PRIMARY KEY, session TEXT NOT NULL, kind TEXT NOT NULL, fqdn TEXT NOT NULL, years BIGINT NOT NULL,
    agent TEXT, holder TEXT NOT NULL, client TEXT NOT NULL, usd BIGINT NOT NULL, method TEXT NOT NULL,
    coupon TEXT, state TEXT NOT NULL, in_flight_ms BIGINT, created_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL, paid BIGINT, currency TEXT, reference TEXT, payer TEXT, result TEXT)`,
  `CREATE INDEX purchase_name ON purchase (fqdn, state)`,
  `CREATE INDEX purchase_client ON purchase (client, state, expires_ms)`,
  `CREATE INDEX purchase_state ON purchase (state, expires_ms)`,
  `CREATE INDEX purchase_coupon ON purchase (coupon)`,
  `CREATE TABLE entry (
    purchase TEXT NOT NULL, line BIGINT NOT NULL, account TEXT NOT NULL, currency TEXT NOT NULL,
    amount BIGINT NOT NULL, at_ms BIGINT NOT NULL, PRIMARY KEY (purchase, line))`,
  `CREATE INDEX entry_account ON entry (account)`,
  `CREATE TABLE zone_serial (namespace TEXT PRIMARY KEY, serial BIGINT NOT NULL)`,
  `CREATE TABLE webhook (
    id TEXT PRIMARY KEY, agent TEXT NOT NULL REFERENCES agent (id), target TEXT NOT NULL, events TEXT NOT NULL,
    secret TEXT NOT NULL, created_ms BIGINT NOT NULL)`,
  `CREATE INDEX webhook_agent ON webhook (agent)`,
  `CREATE TABLE webhook_delivery (
    id TEXT PRIMARY KEY, webhook TEXT NOT NULL, body TEXT NOT NULL, attempts BIGINT NOT NULL, next_ms BIGINT NOT NULL)`,
  `CREATE INDEX webhook_due ON webhook_delivery (next_ms, webhook)`,
  `CREATE INDEX webhook_waiting ON webhook_delivery (webhook, next_ms)`,
];
