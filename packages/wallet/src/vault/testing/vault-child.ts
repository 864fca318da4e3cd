import { withAccounts } from '../accounts.js';
import { createVault, updateVault } from '../vault.js';
import { cheapWorkFactor, newDocument, knownPassphrase as passphrase } from './new-vault.js';

// A process that writes a vault: `create <path> <name>`, or `add <path> <prefix> <count>`; says each thing that is done.

const [, , task = '', path = '', prefix = '', count = '1'] = process.argv;
if (task === 'create') {
  const document = newDocument(prefix);
  await createVault({ path, passphrase, document, workFactor: cheapWorkFactor }).then(
    () => process.stdout.write(`${prefix}\n`),
    // Our own error, and its code is all that the test asks for.
    (error: unknown) => process.stdout.write(`${(error as { code?: string }).code}\n`),
  );
} else {
  for (let number = 0; number < Number(count); number += 1) {
    const name = `${prefix}-${number}`;
    await updateVault({ path, passphrase }, (document) =>
      withAccounts(document, { names: [name], withoutTempo: true, nowMs: 1 }),
    );
    process.stdout.write(`${name}\n`);
  }
}
