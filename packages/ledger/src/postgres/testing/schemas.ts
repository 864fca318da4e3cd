import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type PostgresServer, testPostgres } from '../../testing/postgres-server.js';
import type { PostgresLedger } from '../ledger.js';
import { openPostgresLedger, type PostgresLedgerOptions } from '../open.js';
import { patient } from './patient.js';

/** One test file's server, and the schemas and ledgers that its tests make there. */
export class Schemas {
  readonly server: PostgresServer;
  readonly #made: string[] = [];
  readonly #ledgers: PostgresLedger[] = [];
  readonly #clients: Client[] = [];

  constructor(server: PostgresServer) {
    this.server = server;
  }

  /** Starts or finds the server. */
  static async on(kind: 'any' | 'private' = 'any'): Promise<Schemas> {
    return new Schemas(await testPostgres(kind));
  }

  /** A name that nobody has used. */
  name(): string {
    const name = `farebox_test_${randomBytes(6).toString('hex')}`;
    this.#made.push(name);
    return name;
  }

  /** Opens a ledger, {@link patient} unless told otherwise, in a schema of its own unless one is named. */
  async open(options: Partial<PostgresLedgerOptions> = {}): Promise<PostgresLedger> {
    const ledger = await openPostgresLedger({
      url: this.server.url,
      schema: this.name(),
      ...patient,
      ...options,
    });
    this.#ledgers.push(ledger);
    return ledger;
  }

  /** A connection of an administrator, to hold transactions open on. */
  async client(): Promise<Client> {
    const client = new Client({ connectionString: this.server.url });
    await client.connect();
    this.#clients.push(client);
    return client;
  }

  /** Closes every connection and ledger and drops every schema. */
  async clear(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.end()));
    await Promise.all(this.#ledgers.splice(0).map((ledger) => ledger.close()));
    for (const name of this.#made.splice(0)) {
      await this.server.sql(`DROP SCHEMA IF EXISTS "${name}" CASCADE`);
    }
  }

  /** Ends a private server. */
  async dispose(): Promise<void> {
    await this.clear();
    await this.server.dispose();
  }
}

/** A group's name, with the reason when it is skipped. */
export function titled(name: string, missing: string | undefined): string {
  return missing === undefined ? name : `${name} (skipped: ${missing})`;
}
