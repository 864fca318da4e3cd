import { newPrivateKey } from '@farebox/tempo';
import { findHome } from '../home.js';
import { accountOf } from '../tempo/account.js';
import { createKeyFile } from '../tempo/key-file.js';

/** What `farebox wallet tempo create` makes, without starting a process for it. */
export async function makeWallet(
  directory: string,
  rootAccount?: `0x${string}`,
): Promise<{ readonly address: `0x${string}`; readonly accessKey: `0x${string}` | undefined }> {
  const key = {
    keyType: 'secp256k1',
    privateKey: newPrivateKey(),
    ...(rootAccount && { rootAccount }),
  } as const;
  await createKeyFile(findHome({ FAREBOX_HOME: directory }), key);
  const account = await accountOf(key);
  return { address: account.address, accessKey: account.accessKey?.address };
}
