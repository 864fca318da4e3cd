import {
  freeParents,
  freeSpellings,
  noPaths,
  places,
  plainNames,
  queries,
  unreadable,
} from './path-spellings.js';

/**
 * What has to become of a request that nobody has paid for.
 *
 * bad     400: it has no normal form, or could be taken for something else
 * asked   402: it is for sale
 * free    200: it reaches the upstream, byte for byte as it was sent
 * none    404: nothing of that name is served
 */
export type Outcome = 'bad' | 'asked' | 'free' | 'none';

/** One target and what has to become of it at each of the two gateways. */
export interface TargetCase {
  readonly target: string;
  /** At a gateway that serves `/paid/*`, `/premium/report` and, for nothing, `/free/*`. */
  readonly listed: Outcome;
  /** At one that serves everything else for nothing, too: the worst table there is. */
  readonly open: Outcome;
}

function all(targets: readonly string[], listed: Outcome, open: Outcome = listed): TargetCase[] {
  return targets.map((target) => ({ target, listed, open }));
}

const combine = (heads: readonly string[], tails: readonly string[]): string[] =>
  heads.flatMap((head) => tails.map((tail) => `${head}${tail}`));

/** Targets in which a fragment stands, which is never sent. */
const fragments = combine(
  ['/free/x', '/paid/price', '/premium/report', '/x'],
  ['#', '#top', '#/../paid/price', '?a#b', '#?a'],
);

const long = 'a'.repeat(5_000);
const longer = 'a'.repeat(8_200);

/** The table. */
export const targetCases: readonly TargetCase[] = [
  ...all(combine(places, unreadable), 'bad'),
  ...all(noPaths, 'bad'),
  ...all(fragments, 'bad'),
  ...all(combine(['/paid/price', '/premium/report'], queries), 'asked'),
  ...all(combine(['/free/x'], queries), 'free'),
  ...all(combine(['/other'], queries), 'none', 'free'),
  ...all(combine(['/free/'], plainNames), 'free'),
  ...all(combine(['/paid/'], plainNames), 'asked'),
  ...all(freeSpellings, 'none', 'bad'),
  ...all(freeParents, 'none', 'bad'),
  ...all(
    [
      '/',
      '/paid',
      '/free',
      '/premium',
      '/premium/',
      '/premium/reports',
      '/premium/report/x',
      '/pai',
      '/paids/x',
    ],
    'none',
    'free',
  ),
  ...all([`/free/${long}`, `/free/x?${long}`, `/free/${'x/'.repeat(2_000)}y`], 'free'),
  ...all([`/paid/${long}`, `/paid/x?${long}`], 'asked'),
  ...all([`/free/${longer}`, `/paid/${longer}`, `/free/x?${longer}`, `/${longer}`], 'bad'),
];

/** One target below a place where `/premium/report` is sold on other terms than the rest, at the same gateway. */
export interface TermsCase {
  readonly target: string;
  /** `other`: the terms of the rest; `own`: those of the report; `bad`: 400. */
  readonly terms: 'other' | 'own' | 'bad';
}

/** What has to become of targets below a place where terms differ by path. */
export const termsCases: readonly TermsCase[] = [
  ...freeSpellings.map((target): TermsCase => ({ target, terms: 'bad' })),
  ...combine(
    ['/'],
    plainNames.filter((name) => name !== 'x/premium/report'),
  ).map((target): TermsCase => ({ target, terms: 'other' })),
  ...combine(
    ['/premium/reports', '/premium/report/x', '/premium/repor', '/premium', '/premium/'],
    ['', '?a=b'],
  ).map((target): TermsCase => ({ target, terms: 'other' })),
  ...combine(['/premium/report'], queries).map((target): TermsCase => ({ target, terms: 'own' })),
];
