/** The stages of a paid request whose latency is measured. */
export const STAGES = ['quote', 'verify', 'claim', 'upstream', 'commit'] as const;

/** One of {@link STAGES}. */
export type StageName = (typeof STAGES)[number];

/** Upper bounds of the buckets, in seconds. */
export const stageBucketsSeconds = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10, 30,
] as const;

/** How long a stage took, as often as it was measured. */
export class StageTimes {
  /** How many fell into each bucket and into none of those before it; the last one is beyond all of them. */
  readonly counts = new Float64Array(stageBucketsSeconds.length + 1);
  sumSeconds = 0;
  count = 0;

  /** @param sinceMs what `performance.now()` said at the stage's begin */
  since(sinceMs: number): void {
    const seconds = (performance.now() - sinceMs) / 1_000;
    let bucket = 0;
    while (bucket < stageBucketsSeconds.length && seconds > (stageBucketsSeconds[bucket] ?? 0)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sumSeconds += seconds;
    this.count += 1;
  }
}

/** The latencies of all stages. */
export type Stages = Readonly<Record<StageName, StageTimes>>;

/** Makes them, all empty. */
export function createStages(): Stages {
  return {
    quote: new StageTimes(),
    verify: new StageTimes(),
    claim: new StageTimes(),
    upstream: new StageTimes(),
    commit: new StageTimes(),
  };
}
