import { expect, test } from 'vitest';
import { TempoRpcError } from '../chain/rpc.js';
import { readVerdict } from './node-verdict.js';

const refused = (reason: string, rpcCode = -32003) =>
  new TempoRpcError('rpc_refused', reason, { rpcCode, reason });

// The words of Tempo's execution code, its mempool, reth and geth. Their numbers differ, and do not matter.
const words: readonly [string, string][] = [
  ['keychain validation failed: AccountKeychainError(KeyNotFound(KeyNotFound))', 'key-not-registered'],
  ['keychain validation failed: AccountKeychainError(KeyExpired(KeyExpired))', 'key-expired'],
  ['Access key expired: expiry 1 <= min allowed 2', 'key-expired'],
  ['keychain validation failed: AccountKeychainError(KeyAlreadyRevoked(KeyAlreadyRevoked))', 'key-revoked'],
  [
    'keychain precompile error: AccountKeychainError(KeyAlreadyExists(KeyAlreadyExists))',
    'key-already-registered',
  ],
  ['Account keychain error: SpendingLimitExceeded(SpendingLimitExceeded)', 'spending-limit'],
  ['Account keychain error: CallNotAllowed(CallNotAllowed)', 'key-scope'],
  ['legacy V1 keychain signature is no longer accepted, use V2 (type 0x04)', 'key-invalid'],
  ['access keys cannot authorize other keys, only the root key can authorize new keys', 'key-invalid'],
  ['insufficient fee token balance: required 15420, but only have 0', 'insufficient-funds'],
  ['insufficient funds for gas * price + value: have 0 want 1', 'insufficient-funds'],
  ['insufficient liquidity in FeeAMM pool to swap fee tokens (required: 5)', 'fee-token'],
  [
    'fee token 0x20c0000000000000000000000000000000000009 is not a TIP-20 token; fee tokens must be TIP-20 tokens',
    'fee-token',
  ],
  ['fee token 0x20c0000000000000000000000000000000000009 is paused and cannot be used for fees', 'fee-token'],
  ['invalid fee token: 0x0000000000000000000000000000000000000001', 'fee-token'],
  ['transaction expired: current block timestamp 10 >= validBefore 9', 'expired-signature'],
  ['expiring nonce transaction validBefore is too far in the future: must be within 30s', 'validity-window'],
  ['transaction not valid yet: current block timestamp 9 < validAfter 10', 'validity-window'],
  ['max fee per gas less than block base fee', 'fee-too-low'],
  ['transaction underpriced', 'fee-too-low'],
  ['replacement transaction underpriced', 'nonce-used'],
  ['call gas cost (53000) exceeds the gas limit (21000)', 'gas-too-low'],
  ['nonce too high, expected 1', 'nonce-gap'],
  ['P256 signature verification failed', 'signature-invalid'],
  ['failed to decode signed transaction', 'signature-invalid'],
  ['something that nobody has seen before', 'refused-by-chain'],
];

test.each(words)('%s: %s', (reason, code) => {
  for (const rpcCode of [-32003, -32000])
    expect(readVerdict(refused(reason, rpcCode))).toMatchObject({ kind: 'refused', code });
});

test.each([
  'already known',
  'nonce 0 too low, expected 1',
  'nonce too low: next nonce 5, tx nonce 4',
  'nonce manager error: NonceError(ExpiringNonceReplay(ExpiringNonceReplay))',
])('%s: it was met before, so the chain is asked', (reason) => {
  expect(readVerdict(refused(reason))).toEqual({ kind: 'seen' });
});

test.each([
  'invalid chain id for signer: have 4217 want 1337',
  'txpool is full',
  'transaction was not mined: timed out after 10s',
  'rate limit exceeded',
])('%s: not the payer’s fault, and nothing can be concluded', (reason) => {
  expect(readVerdict(refused(reason))).toEqual({ kind: 'unknown' });
});

test('an unknown refusal counts only when the code says that the transaction was refused', () => {
  expect(readVerdict(refused('Method not found', -32601))).toEqual({ kind: 'unknown' });
  expect(readVerdict(refused('Internal error', -32603))).toEqual({ kind: 'unknown' });
  // reth puts the mempool's own words into an internal error.
  expect(readVerdict(refused('keychain validation failed: KeyNotFound', -32603))).toMatchObject({
    kind: 'refused',
  });
});

test.each(['rpc_unreachable', 'rpc_timeout', 'rpc_malformed'] as const)(
  '%s: nothing can be concluded',
  (code) => {
    expect(readVerdict(new TempoRpcError(code, 'insufficient funds'))).toEqual({ kind: 'unknown' });
  },
);
