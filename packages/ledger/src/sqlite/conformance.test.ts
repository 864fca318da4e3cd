import { ledgerConformance } from '../testing/conformance.js';
import { ledgerFolder, patienceMs } from '../testing/files.js';
import { openSqliteLedger } from './open.js';
import { openSqliteReader } from './open-reader.js';

ledgerConformance(
  'SQLite',
  async () => {
    const { path, remove } = ledgerFolder();
    let ledger = await openSqliteLedger({ path, patienceMs });
    return {
      get ledger() {
        return ledger;
      },
      // One writer at a time: whoever opened the file before has ended.
      async lost(work) {
        await work(ledger);
        await ledger.close();
        ledger = await openSqliteLedger({ path, patienceMs });
      },
      reader: () => openSqliteReader({ path }),
      async dispose() {
        await ledger.close();
        remove();
      },
    };
  },
  { severalHolders: false },
);
