/** What many claims have in common; stored once, so that a claim names it by a small number. */
export interface Kind {
  readonly method: string;
  readonly intent: string;
  readonly currency: string;
  readonly route: string;
}
