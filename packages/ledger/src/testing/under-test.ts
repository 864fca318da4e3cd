import type { LedgerReader } from '../books.js';
import type { Ledger } from '../ledger.js';

/** A ledger that the suite may use, empty at first, and the ways around it that the suite needs. */
export interface LedgerUnderTest {
  /** The ledger. Ask for it anew after {@link lost}: it may be another handle then. */
  readonly ledger: Ledger;
  /** Has a holder do something who afterwards ends for certain: what it holds then is orphaned. */
  lost(work: (holder: Ledger) => Promise<void>): Promise<void>;
  /** Opens another holder on the same store, which lives until {@link dispose}. Only where there can be several. */
  readonly other?: () => Promise<Ledger>;
  /** Opens a reader beside the ledger; the caller closes it. */
  reader(): Promise<LedgerReader>;
  /** Closes the ledger and what else was opened, and removes what it left. */
  dispose(): Promise<void>;
}

/** Opens an empty ledger. */
export type OpenUnderTest = () => Promise<LedgerUnderTest>;

/** Runs a test on a ledger of its own. */
export async function withLedger<T>(
  open: OpenUnderTest,
  test: (underTest: LedgerUnderTest) => Promise<T>,
): Promise<T> {
  const underTest = await open();
  try {
    return await test(underTest);
  } finally {
    await underTest.dispose();
  }
}

/** Reads with a reader of its own. */
export async function withReader<T>(
  underTest: LedgerUnderTest,
  read: (reader: LedgerReader) => Promise<T>,
): Promise<T> {
  const reader = await underTest.reader();
  try {
    return await read(reader);
  } finally {
    await reader.close();
  }
}

/** All of a stream. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
