import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Family } from './family.js';
import { STAGES, type StageName, type Stages, stageBucketsSeconds } from './stages.js';

/** Metrics in the text format of Prometheus. */
export interface Exposition {
  readonly contentType: string;
  render(): Promise<string>;
}

/**
 * Makes the exposition of families of metrics, of latencies where they are measured, and of Node's own metrics (memory,
 * event loop, garbage collection). Load this file only when somebody is going to ask.
 */
export function createExposition(families: readonly Family[], stages: Stages | undefined): Exposition {
  const registry = new Registry();
  for (const family of families) register(registry, family);
  if (stages !== undefined) registry.registerMetric(new StageHistogram(stages));
  collectDefaultMetrics({ register: registry });
  return { contentType: registry.contentType, render: () => registry.metrics() };
}

function register(registry: Registry, { name, help, type, labels, samples }: Family): void {
  const common = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'gauge') {
    new Gauge({
      ...common,
      async collect() {
        const now = await samples();
        this.reset();
        for (const sample of now) this.set(sample.labels, sample.value);
      },
    });
    return;
  }
  new Counter({
    ...common,
    async collect() {
      const now = await samples();
      this.reset();
      for (const sample of now) this.inc(sample.labels, sample.value);
    },
  });
}

const stageMetric = 'farebox_stage_seconds';
const stageConfiguration = {
  name: stageMetric,
  help: 'How long the stages of a paid request take.',
  labelNames: ['stage'] as const,
  buckets: [...stageBucketsSeconds],
  registers: [],
};

/** Latencies, read from counts that are ours: what prom-client does for one of its own would be felt by every request. */
class StageHistogram extends Histogram<'stage' | 'le'> {
  readonly #stages: Stages;
  /** Knows what the registry wants to hear beside the values. */
  readonly #plain = new Histogram<'stage' | 'le'>(stageConfiguration);

  constructor(stages: Stages) {
    super(stageConfiguration);
    this.#stages = stages;
  }

  override async get(): ReturnType<Histogram<'stage' | 'le'>['get']> {
    return { ...(await this.#plain.get()), values: STAGES.flatMap((stage) => this.#valuesOf(stage)) };
  }

  /** What the registry of prom-client asks for, where it is there. */
  getForPromString(): ReturnType<Histogram<'stage' | 'le'>['get']> {
    return this.get();
  }

  #valuesOf(stage: StageName) {
    const { counts, count, sumSeconds } = this.#stages[stage];
    let sum = 0;
    const buckets = stageBucketsSeconds.map((le, bucket) => {
      sum += counts[bucket] ?? 0;
      return { metricName: `${stageMetric}_bucket`, labels: { stage, le }, value: sum };
    });
    return [
      ...buckets,
      { metricName: `${stageMetric}_bucket`, labels: { stage, le: '+Inf' }, value: count },
      { metricName: `${stageMetric}_sum`, labels: { stage }, value: sumSeconds },
      { metricName: `${stageMetric}_count`, labels: { stage }, value: count },
    ];
  }
}
