import type { SoakSample } from './soak-run.js';

/** What a line through the samples of a heap may rise by without anything growing: compiled code, tables that are doubled. */
export const heapNoiseBytes = 2 * 1024 * 1024;
/**
 * What the ledger's thread keeps of a claim: an entry of 8 bytes in each of two tables that are between 30 and 60 % full.
 */
export const indexBytesPerClaimMax = 54;
/** The same for the whole process, whose allocator gives back what it likes. */
export const residentNoiseBytes = 64 * 1024 * 1024;
/** Samples in which code is compiled and bounded tables are filled. */
const warmSamples = 3;

/** What has grown, as far as a line through the samples says so, over the requests that they span. */
export interface MemoryGrowth {
  readonly heapBytes: number;
  readonly ledgerBytes: number;
  readonly rssBytes: number;
  /** Claims that were added meanwhile: those are what the ledger's thread may grow by. */
  readonly claims: number;
}

/** How much memory has grown while the gateway was warm. The last sample is of one that all clients have left. */
export function memoryGrowth(samples: readonly SoakSample[]): MemoryGrowth {
  const warm = samples.slice(warmSamples, -1);
  const [first, last] = [warm[0], warm.at(-1)];
  if (first === undefined || last === undefined) throw new Error('There are too few samples.');
  const requests = last.sent - first.sent;
  const grown = (of: (sample: SoakSample) => number): number => Math.round(slopeOf(warm, of) * requests);
  return {
    heapBytes: grown(({ heapBytes }) => heapBytes),
    ledgerBytes: grown(({ ledgerBytes }) => ledgerBytes),
    rssBytes: grown(({ rssBytes }) => rssBytes),
    claims: last.payments - first.payments,
  };
}

/** What is wrong with a growth; empty: nothing. */
export function growthFaults({ heapBytes, ledgerBytes, rssBytes, claims }: MemoryGrowth): string[] {
  const allowed = [
    ['The heap of the gateway', heapBytes, heapNoiseBytes],
    ["The heap of the ledger's thread", ledgerBytes, heapNoiseBytes + claims * indexBytesPerClaimMax],
    ['The process', rssBytes, residentNoiseBytes],
  ] as const;
  return allowed.flatMap(([what, bytes, most]) =>
    bytes > most ? [`${what} has grown by ${bytes} bytes; ${most} are explained.`] : [],
  );
}

/** Bytes a request: the least squares of all samples, so that no single one decides. */
function slopeOf(samples: readonly SoakSample[], of: (sample: SoakSample) => number): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, each) => sum + each, 0) / values.length;
  const sentMean = mean(samples.map(({ sent }) => sent));
  const bytesMean = mean(samples.map(of));
  const covariance = mean(samples.map((each) => (each.sent - sentMean) * (of(each) - bytesMean)));
  const variance = mean(samples.map(({ sent }) => (sent - sentMean) ** 2));
  return variance === 0 ? 0 : covariance / variance;
}
