/** What every server under test sells, in the same words, so that their challenges and credentials are alike. */
export const terms = {
  realm: 'https://api.example.com',
  /** Signs the challenges of both gateways. Worthless: it lives on loopback for a minute. */
  secret: 'a benchmark secret, worthless outside this one run',
  priceSat: 1n,
  description: 'One request to the benchmark API',
  /** Outlives the run, since credentials are minted once and used in every round. */
  challengeLifeMs: 6 * 3_600_000,
  paidPath: '/v1/paid/price',
  freePath: '/v1/free/price',
} as const;
