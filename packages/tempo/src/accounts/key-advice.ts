import type { Address } from '../chain/hex.js';
import type { KeyType } from './account.js';

/** What is shown as a limit where nobody has named one. */
const limitExample = '5pathUSD';

/** The command by which the root account's own wallet lets a key sign, or gives it another limit; it can be run as it is. */
export function authorizeCommand(
  key: { readonly keyAddress: Address; readonly keyType: KeyType },
  limit: string = limitExample,
): string {
  const curve = key.keyType === 'p256' ? ' --key-type p256' : '';
  return `farebox wallet tempo authorize ${key.keyAddress}${curve} --limit ${limit} --yes`;
}

/** How to come by another access key of the same account, beside one that is kept and can sign no more. */
export function anotherKeyAdvice(rootAccount: Address): string {
  return `make another key in an account of its own (farebox wallet accounts add agent --no-tempo, then farebox wallet tempo create --account agent --root-account ${rootAccount}), or without a vault in a new FAREBOX_HOME, and authorise that with the account's root key`;
}
