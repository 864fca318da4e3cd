import { afterAll, beforeAll, describe, it } from 'vitest';
import { ledgerConformance } from '../testing/conformance.js';
import { postgresMissing } from '../testing/postgres-server.js';
import { Schemas, titled } from './testing/schemas.js';

if (postgresMissing !== undefined) {
  it.skip(titled("PostgreSQL: the ledger's contract", postgresMissing), () => {});
} else {
  describe('PostgreSQL', () => {
    let schemas: Schemas;
    beforeAll(async () => {
      schemas = await Schemas.on();
    });
    afterAll(() => schemas.dispose());

    ledgerConformance('PostgreSQL', async () => {
      const schema = schemas.name();
      const ledger = await schemas.open({ schema });
      return {
        ledger,
        async expire(seq) {
          await schemas.server.sql(`UPDATE "${schema}".claim SET state = 5 WHERE seq = $1`, [seq]);
        },
        dispose: () => ledger.close(),
      };
    });
  });
}
