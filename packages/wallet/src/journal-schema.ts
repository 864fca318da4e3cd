/**
 * Migrations of the journal file, in order; `user_version` counts those that have run. A migration that has been
 * released is never changed.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE payment (
     id                TEXT PRIMARY KEY,
     state             TEXT NOT NULL,
     owner             TEXT NOT NULL,
     challenge_id      TEXT NOT NULL UNIQUE,
     reference         TEXT NOT NULL UNIQUE,
     challenge         TEXT NOT NULL,
     method            TEXT NOT NULL,
     price_amount      TEXT NOT NULL,
     price_currency    TEXT NOT NULL,
     max_fee_amount    TEXT NOT NULL,
     max_fee_currency  TEXT NOT NULL,
     payee             TEXT NOT NULL,
     network           TEXT NOT NULL,
     expires_ms        INTEGER NOT NULL,
     pay_deadline_ms   INTEGER NOT NULL,
     url               TEXT,
     http_method       TEXT,
     headers           TEXT,
     withheld          TEXT,
     body              BLOB,
     fingerprint       TEXT,
     credential_header TEXT,
     payload           TEXT,
     source            TEXT,
     paid_amount       TEXT,
     paid_currency     TEXT,
     fee_amount        TEXT,
     fee_currency      TEXT,
     receipt           TEXT,
     status            INTEGER,
     detail            TEXT,
     presentations     INTEGER NOT NULL DEFAULT 0,
     created_ms        INTEGER NOT NULL,
     updated_ms        INTEGER NOT NULL,
     paying_ms         INTEGER,
     paid_ms           INTEGER,
     delivered_ms      INTEGER
   ) STRICT;
   CREATE INDEX payment_by_state ON payment (state, created_ms);
   CREATE INDEX payment_by_fingerprint ON payment (fingerprint) WHERE fingerprint IS NOT NULL;
   CREATE INDEX payment_by_time ON payment (created_ms);`,
  `ALTER TABLE payment ADD COLUMN settlement TEXT;
   ALTER TABLE payment ADD COLUMN receipt_reference TEXT;`,
  // What each payment takes of the budgets; filled from the payments that are there when the file is opened.
  `CREATE TABLE counted (
     payment  TEXT NOT NULL REFERENCES payment (id),
     currency TEXT NOT NULL,
     amount   TEXT NOT NULL,
     at_ms    INTEGER NOT NULL,
     open     INTEGER NOT NULL,
     until_ms INTEGER,
     host     TEXT,
     method   TEXT NOT NULL,
     PRIMARY KEY (payment, currency)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX counted_by_time ON counted (currency, open, at_ms, until_ms, host, method, amount);
   CREATE INDEX counted_latest ON counted (at_ms);
   ALTER TABLE payment ADD COLUMN host TEXT;
   CREATE INDEX payment_by_update ON payment (updated_ms);`,
  `ALTER TABLE payment ADD COLUMN payees TEXT;`,
];

/** The migration after which what is there must be counted. */
export const countedSince = 3;
