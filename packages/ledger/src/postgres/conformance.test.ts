import { afterAll, beforeAll, describe, it } from 'vitest';
import { ledgerConformance } from '../testing/conformance.js';
import { postgresMissing } from '../testing/postgres-server.js';
import { openPostgresReader } from './open-reader.js';
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

    ledgerConformance(
      'PostgreSQL',
      async () => {
        const schema = schemas.name();
        const ledgers = [await schemas.open({ schema })];
        const [ledger] = ledgers;
        if (ledger === undefined) throw new Error('it has just been opened');
        return {
          ledger,
          async lost(work) {
            const holder = await schemas.open({ schema });
            await work(holder);
            await holder.close();
          },
          async other() {
            const other = await schemas.open({ schema });
            ledgers.push(other);
            return other;
          },
          reader: () => openPostgresReader({ url: schemas.server.url, schema }),
          async dispose() {
            await Promise.all(ledgers.map((each) => each.close()));
          },
        };
      },
      { severalHolders: true },
    );
  });
}
