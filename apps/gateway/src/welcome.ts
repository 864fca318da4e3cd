import type { GatewayConfig, RouteConfig } from './config/config.js';
import { priceWords } from './price/words.js';

/** Where a gateway listens: origins. */
export interface WelcomePlaces {
  readonly url: string;
  /** Undefined: there is no admin API. */
  readonly adminUrl: string | undefined;
  /** Undefined: there are no metrics. */
  readonly metricsUrl: string | undefined;
}

/** What a seller is told when the gateway has started: where it is, and what a request of each route costs. */
export function welcome(config: GatewayConfig, { url, adminUrl, metricsUrl }: WelcomePlaces): string {
  const prices = config.routes.map((route) => routePrice(route, config));
  const width = Math.min(priceCharsMax, Math.max(...prices.map((price) => price.length)));
  const routes = config.routes.map(
    ({ match, upstream }, at) => `  ${(prices[at] ?? '').padStart(width)}  ${match.text}  →  ${upstream}\n`,
  );
  const beside = [
    ...(adminUrl === undefined ? [] : [`The admin API is at ${adminUrl}\n`]),
    ...(metricsUrl === undefined ? [] : [`Metrics are at ${metricsUrl}/metrics\n`]),
  ];
  return `Farebox serves ${config.realm} at ${url}\n${routes.join('')}${beside.join('')}`;
}

/** Widest price that the column is made for. */
const priceCharsMax = 48;

/** `1 sat`, `free`, `shadow (1 sat)`, `100 free a day, then 1 sat`. */
function routePrice({ offers, shadow, access: { free } }: RouteConfig, { tempo }: GatewayConfig): string {
  const price = priceWords(offers, tempo?.tokens ?? []);
  if (shadow) return `shadow (${price})`;
  return free === undefined
    ? price
    : `${free.requests} free ${free.per === 'hour' ? 'an' : 'a'} ${free.per}, then ${price}`;
}
