import type { TempoDevnet } from '@farebox/devnet/tempo';
import { addTempoDevnet } from '../devnet-tempo.js';
import { findHome } from '../home.js';
import { accountOf } from '../tempo/account.js';
import { createKeyFile } from '../tempo/key-file.js';

/** What the demo's wallet has at first: 10 pathUSD, worthless. */
const payerFunds = 10_000_000n;

/** A Tempo chain, somebody who sells on it, and a key with coins in the demo's home. */
export interface TempoWorld {
  readonly chain: TempoDevnet;
  /** Who is paid. */
  readonly merchant: string;
  /** Who pays: the key of the home. */
  readonly payer: string;
}

/** Starts the chain, beside the Lightning devnet whose file is in the home already. */
export async function startTempoWorld(home: string, stack: (() => Promise<unknown>)[]): Promise<TempoWorld> {
  const [{ startTempoDevnet }, { newPrivateKey }] = await Promise.all([
    import('@farebox/devnet/tempo'),
    import('@farebox/tempo'),
  ]);
  const chain = await startTempoDevnet();
  stack.push(() => chain.close());
  const place = findHome({ FAREBOX_HOME: home });
  await addTempoDevnet(place, chain);
  const key = { keyType: 'secp256k1', privateKey: newPrivateKey() } as const;
  await createKeyFile(place, key);
  const payer = (await accountOf(key)).address;
  await chain.fund(payer, payerFunds);
  const merchant = (await accountOf({ keyType: 'secp256k1', privateKey: newPrivateKey() })).address;
  return { chain, merchant, payer };
}
