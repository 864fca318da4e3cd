import { fileLease } from '../provisioning-lease.js';

/** A process that tries to take one lease once it is told to, and says whether it has it. */
const [folder = '', untilS = '0', chainTimeS = '0'] = process.argv.slice(2);
const key = { chainId: 4217, account: '0x01', keyAddress: '0x02' } as const;

process.once('message', () => {
  const taken = fileLease({ folder }).acquire(key, Number(untilS), Number(chainTimeS));
  process.send?.(taken, () => process.disconnect());
});
process.send?.('ready');
