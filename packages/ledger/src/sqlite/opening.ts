import type Database from 'libsql';
import { readNumber } from './migrations.js';

/**
 * Begins another opening of the ledger, and returns its number, from 1. It names the holder of whatever is moved from now
 * on; since a ledger has one writer at a time (`lock.ts`), every other number is that of a holder that has ended. Durable
 * before the first claim, or two openings could share one.
 */
export function beginEpoch(db: Database.Database): number {
  db.exec('UPDATE opening SET epoch = epoch + 1');
  return readNumber(db, 'SELECT epoch FROM opening');
}
