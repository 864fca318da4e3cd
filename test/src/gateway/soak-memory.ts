import type { SoakSample } from './soak-run.js';

/** What the heap of a gateway that forgets nothing it need not may differ by from one full collection to the next. */
export const heapNoiseBytes = 16 * 1024 * 1024;

/**
 * How much the heap has grown over the second half, by the lower of each half's two quietest moments: caches and tables
 * that have a bound are full by then.
 */
export function heapGrowthBytes(samples: readonly SoakSample[]): number {
  const onTheWay = samples.slice(0, -1);
  const middle = Math.ceil(onTheWay.length / 2);
  const least = (part: readonly SoakSample[]): number => Math.min(...part.map(({ heapBytes }) => heapBytes));
  return least(onTheWay.slice(middle)) - least(onTheWay.slice(Math.floor(middle / 2), middle));
}
