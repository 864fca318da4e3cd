import type { PoolCounts } from '@farebox/lightning';
import type { Activity } from '../exchange/exchange.js';
import type { Health, PartState } from '../health.js';
import type { HttpUpstream } from '../upstream/http-upstream.js';
import type { Family, Sample } from './family.js';
import type { Meter, RouteCounts } from './meter.js';

/** What the metrics of a gateway are read from. */
export interface MetricSources {
  readonly meter: Meter;
  readonly health: Health;
  readonly activity: Pick<Activity, 'size'>;
  readonly upstreams: () => ReadonlyMap<string, HttpUpstream>;
  /** Undefined while there is no pool of invoices. */
  readonly pool: () => PoolCounts | undefined;
  /** How often the configuration was exchanged, and how often it could not be. */
  readonly reloads: () => { readonly good: number; readonly refused: number };
}

/** The metrics of a gateway, but for latencies and those of its process. */
export function gatewayFamilies(sources: MetricSources): Family[] {
  const { meter } = sources;
  return [
    perRoute(meter, 'challenges_total', 'Challenges issued.', (counts) => counts.challenges),
    perRoute(
      meter,
      'challenges_limited_total',
      'Challenges not issued because too many are unpaid.',
      (counts) => counts.limited,
    ),
    perRoute(meter, 'deliveries_total', 'Payments delivered.', (counts) => counts.deliveries),
    perRoute(
      meter,
      'redeliveries_total',
      'Answers given once more to a payment that was delivered before.',
      (counts) => counts.redeliveries,
    ),
    perRoute(
      meter,
      'credits_total',
      'Paid requests that were not delivered and left a credit.',
      (counts) => counts.credits,
    ),
    perRoute(
      meter,
      'outcomes_unknown_total',
      'Paid once requests of which nobody knows what became of them.',
      (counts) => counts.unknown,
    ),
    perRoute(
      meter,
      'payment_faults_total',
      'Times that a payment method or the ledger did not answer.',
      (counts) => counts.unavailable,
    ),
    labelled(meter, 'refusals_total', 'Credentials refused.', 'reason', (counts) => counts.refusals),
    labelled(
      meter,
      'revenue_total',
      'Paid and delivered, in base units.',
      'currency',
      (counts) => counts.revenue,
    ),
    labelled(meter, 'key_requests_total', 'Requests served by a key.', 'plan', (counts) => counts.keyed),
    labelled(
      meter,
      'key_refusals_total',
      'Requests whose key was not let in.',
      'reason',
      (counts) => counts.keyRefusals,
    ),
    perRoute(meter, 'free_requests_total', 'Requests within a free quota.', (counts) => counts.free),
    perRoute(
      meter,
      'shadow_requests_total',
      'Requests that shadow mode let pass and that would have been charged.',
      (counts) => counts.shadowed,
    ),
    labelled(
      meter,
      'shadow_revenue_total',
      'What shadow mode did not charge, in base units, in each of the ways to pay.',
      'currency',
      (counts) => counts.shadowRevenue,
    ),
    {
      name: 'farebox_payments_total',
      help: 'Proofs of payment that were looked at. One payment may be shown several times.',
      type: 'counter',
      labels: ['method', 'result'],
      samples: () =>
        [...meter.proofs].flatMap(([method, counts]) =>
          Object.entries(counts).map(([result, value]: [string, number]) => ({
            labels: { method, result },
            value,
          })),
        ),
    },
    ...stateFamilies(sources),
  ];
}

function stateFamilies({ health, activity, upstreams, pool, reloads }: MetricSources): Family[] {
  return [
    gauge('up', 'Whether a part answers: the ledger, the Lightning node.', ['part'], async () => {
      const { ledger, node } = await health.alive();
      const parts: [string, PartState | 'none'][] = [
        ['ledger', ledger],
        ['node', node],
      ];
      return parts
        .filter(([, state]) => state !== 'none')
        .map(([part, state]) => ({ labels: { part }, value: Number(state === 'ok') }));
    }),
    gauge('upstream_up', 'Whether an upstream takes connections.', ['upstream'], async () =>
      [...(await health.upstreams())].map(([upstream, state]) => ({
        labels: { upstream },
        value: Number(state === 'ok'),
      })),
    ),
    gauge('upstream_connections', 'Connections to an upstream.', ['upstream', 'state'], () =>
      [...upstreams()].flatMap(([upstream, { connections, idleConnections }]) => [
        { labels: { upstream, state: 'idle' }, value: idleConnections },
        { labels: { upstream, state: 'used' }, value: connections - idleConnections },
      ]),
    ),
    gauge('exchanges_open', 'Requests on their way through the gateway.', [], () => one(activity.size)),
    gauge('invoice_pool', 'Invoices of the pool.', ['state'], () =>
      Object.entries(pool() ?? {}).map(([state, value]: [string, number]) => ({ labels: { state }, value })),
    ),
    {
      ...gauge('reloads_total', 'Configurations read again.', ['result'], () => [
        { labels: { result: 'good' }, value: reloads().good },
        { labels: { result: 'refused' }, value: reloads().refused },
      ]),
      type: 'counter',
    },
  ];
}

function perRoute(meter: Meter, name: string, help: string, of: (counts: RouteCounts) => number): Family {
  return {
    name: `farebox_${name}`,
    help,
    type: 'counter',
    labels: ['route'],
    samples: () => [...meter.routes].map(([route, counts]) => ({ labels: { route }, value: of(counts) })),
  };
}

function labelled(
  meter: Meter,
  name: string,
  help: string,
  label: string,
  of: (counts: RouteCounts) => ReadonlyMap<string, number | bigint>,
): Family {
  return {
    name: `farebox_${name}`,
    help,
    type: 'counter',
    labels: ['route', label],
    samples: () =>
      [...meter.routes].flatMap(([route, counts]) =>
        // Prometheus counts in doubles; the books are where sums are exact.
        [...of(counts)].map(([key, value]) => ({ labels: { route, [label]: key }, value: Number(value) })),
      ),
  };
}

function gauge(
  name: string,
  help: string,
  labels: readonly string[],
  samples: () => Iterable<Sample> | Promise<Iterable<Sample>>,
): Family {
  return { name: `farebox_${name}`, help, type: 'gauge', labels, samples };
}

function one(value: number): Sample[] {
  return [{ labels: {}, value }];
}
