import { ledgerConformance } from '../testing/conformance.js';
import { ledgerFolder, runSql } from '../testing/files.js';
import { openSqliteLedger } from './open.js';

ledgerConformance('SQLite', async () => {
  const { path, remove } = ledgerFolder();
  const ledger = await openSqliteLedger({ path });
  return {
    ledger,
    async expire(seq) {
      runSql(path, `UPDATE claim SET state = 5 WHERE seq = ${seq}`);
    },
    async dispose() {
      await ledger.close();
      remove();
    },
  };
});
