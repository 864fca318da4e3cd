import { newPrivateKey, registerKey, signKeyAuthorization, revokeKey as takeAway } from '@farebox/tempo';
import { findHome } from '../home.js';
import { accountOf } from '../tempo/account.js';
import { createKeyFile } from '../tempo/key-file.js';
import { asRoot, openRoot } from '../tempo/root.js';

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

const lifeS = 7_200;

/** What `farebox wallet tempo authorize … --yes` does, without starting a process for it. The limit is in base units. */
export async function authorizeKey(
  directory: string,
  rpc: string,
  key: string,
  limit: bigint,
): Promise<void> {
  const root = await openRoot(findHome({ FAREBOX_HOME: directory }), { tempoRpc: rpc });
  const permission = await signKeyAuthorization(root.key.privateKey, {
    chainId: root.settings.chainId,
    key: { address: addressOf(key), keyType: 'secp256k1' },
    expiresS: Math.floor(Date.now() / 1_000) + lifeS,
    limits: [{ token: root.feeToken.address, limit }],
  });
  await asRoot(root, undefined, (action) => registerKey(action, permission));
}

/** What `farebox wallet tempo revoke … --yes` does, without starting a process for it. */
export async function revokeKey(directory: string, rpc: string, key: string): Promise<void> {
  const root = await openRoot(findHome({ FAREBOX_HOME: directory }), { tempoRpc: rpc });
  await asRoot(root, undefined, (action) => takeAway(action, addressOf(key)));
}

function addressOf(text: string): `0x${string}` {
  return `0x${text.replace(/^0x/, '')}`;
}
