import { checkConfig, type GatewayConfig } from '@farebox/gateway';

/**
 * The configuration of the gateways that are loaded and reloaded here. From one version to the next, upstream, prices and
 * routes change.
 */
export function configOf(upstreams: readonly string[], version: number): GatewayConfig {
  const price = `${1 + (version % 2)} sat`;
  return checkConfig({
    realm: 'http://shop.test',
    listen: '127.0.0.1:0',
    mint_budget: 'off',
    // What is remembered for the life of a challenge is as much as it will ever be soon after the start.
    challenge_life: '1m',
    catalog: false,
    lightning: { node: { kind: 'devnet' } },
    upstreams: {
      api: {
        url: upstreams[version % upstreams.length],
        headers: { set: { 'X-Version': String(version) } },
        connections: 2_000,
      },
    },
    routes: [
      { match: 'ANY /paid/*', upstream: 'api', price },
      { match: 'ANY /free/*', upstream: 'api', price: 'free' },
      { match: 'GET /shadow/*', upstream: 'api', price, mode: 'shadow' },
      { match: `GET /version/${version}`, upstream: 'api', price: 'free' },
    ],
  });
}
