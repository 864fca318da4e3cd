/**
 * What sellers publish about themselves (draft-payment-discovery-00). Everything here is advice from strangers: the
 * runtime 402 decides what is asked, and texts are data that is shown and never obeyed.
 */

/** Largest document of one seller that is read. */
export const catalogueBytesMax = 2 * 1024 * 1024;
/** How long one document may take. */
export const catalogueTimeoutMs = 10_000;
/** Most operations that are taken from one document. */
export const entriesMax = 2_000;
/** Most offers of one operation. */
export const offersMax = 16;
/** Most origins that are asked in one call. */
export const originsMax = 64;
/** Origins that are asked at the same time. */
export const originsAtOnceMax = 8;

/** One way to pay for an operation, as it was published. */
export interface CatalogueOffer {
  readonly method: string;
  readonly intent: string;
  /** Whole base units; undefined where the price depends on the request. */
  readonly amount: bigint | undefined;
  /** Undefined where the seller does not say. */
  readonly currency: string | undefined;
  readonly description: string | undefined;
}

/** One operation that is sold. */
export interface CatalogueEntry {
  /** The origin that published it. */
  readonly origin: string;
  /** HTTP method, upper case. */
  readonly method: string;
  /** Absolute; may hold `{parameters}`. */
  readonly url: string;
  /** `url` with the document's own examples in the place of its parameters; the same where it has none. */
  readonly exampleUrl: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Names of query and path parameters. */
  readonly parameters: readonly string[];
  /** True where a request body is expected. */
  readonly body: boolean;
  readonly offers: readonly CatalogueOffer[];
}

/** A page that a seller points to. */
export interface CatalogueLink {
  readonly title: string;
  readonly url: string;
}

/** What one document says. */
export interface CatalogueDocument {
  readonly title: string | undefined;
  readonly summary: string | undefined;
  readonly categories: readonly string[];
  readonly links: readonly CatalogueLink[];
  readonly entries: readonly CatalogueEntry[];
  /** Operations beyond {@link entriesMax}, or with offers that cannot be read. */
  readonly skipped: number;
}
