// The server for tests belongs to the ledger's own tests and is not published with it, so it is taken from where it is built.
export {
  type PostgresServer,
  postgresMissing,
  privatePostgresMissing,
  testPostgres,
} from '../../packages/ledger/dist/testing/postgres-server.js';
