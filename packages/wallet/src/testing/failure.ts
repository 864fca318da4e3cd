import { WalletError } from '../errors.js';

/** The wallet error that a promise ends in; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<WalletError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof WalletError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
