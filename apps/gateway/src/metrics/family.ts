/** One number with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as Prometheus has it. Its numbers are asked for when somebody scrapes, and cost nothing before. */
export interface Family {
  /** With its prefix and its unit: `farebox_deliveries_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** Every value of a label comes from the configuration or from a list in the code: never from a client. */
  readonly labels: readonly string[];
  samples(): Iterable<Sample> | Promise<Iterable<Sample>>;
}
