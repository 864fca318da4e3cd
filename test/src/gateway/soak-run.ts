import { until } from '../chaos/processes.js';
import { type Random, randomFrom } from '../chaos/random.js';
import { Buyer } from './buyer.js';
import { startGatewayProcess } from './gateway-process.js';
import { LoadUpstream } from './load-upstream.js';
import { type SoakWorld, soakKinds } from './soak-kinds.js';

/** How large a soak is. */
export interface SoakPlan {
  readonly requests: number;
  readonly seed: number;
  /** Clients at a time. */
  readonly lanes: number;
  readonly onProgress?: (sent: number) => void;
}

/** The gateway's process at one moment, after a full garbage collection. */
export interface SoakSample {
  readonly sent: number;
  readonly payments: number;
  /** Of the main thread. */
  readonly heapBytes: number;
  /** Of the ledger's thread. */
  readonly ledgerBytes: number;
  readonly rssBytes: number;
  readonly handles: number;
}

/** What a soak has shown. */
export interface SoakReport {
  readonly requests: number;
  readonly reloads: number;
  readonly payments: number;
  readonly faults: readonly string[];
  /** Once in a tenth of the requests; the last after all clients have left. */
  readonly samples: readonly SoakSample[];
  readonly claims: Readonly<Record<string, number>>;
  readonly paidSat: string;
  readonly bookedSat: string;
}

/** Samples that are taken on the way. */
const samplesCount = 10;
/** Reloads between two samples. */
const reloadsPerSample = 5;
/** How long the last claims may take to end. */
const hangsAfterMs = 60_000;

/** Sends mixed requests, good and bad, through a gateway that is reloaded meanwhile, and looks at its process and its books. */
export async function runSoak(plan: SoakPlan): Promise<SoakReport> {
  const upstream = await new LoadUpstream().listen();
  const gateway = await startGatewayProcess([upstream.url]);
  const buyer = new Buyer(gateway.port, gateway.seed, plan.lanes);
  const random = randomFrom(plan.seed);
  const faults: string[] = [];
  const samples: SoakSample[] = [];
  let [sent, reloads, payments] = [0, 0, 0];
  let paidSat = 0n;
  const world: SoakWorld = {
    ...{ buyer, upstream, random },
    sent: () => {
      sent += 1;
    },
    paid: ({ amountSat }) => {
      payments += 1;
      paidSat += amountSat;
    },
    fault: (text) => void (faults.length < 50 && faults.push(text)),
  };
  const lane = async (): Promise<void> => {
    while (sent < limit) await pickKind(random)(world).catch((error: unknown) => world.fault(String(error)));
  };
  const sample = async (): Promise<void> => {
    const ledgerBytes = await gateway.ledgerMemory();
    const { heapBytes, rssBytes, handles } = await gateway.memory();
    samples.push({ sent, payments, heapBytes, ledgerBytes, rssBytes, handles });
  };
  let limit = 0;
  try {
    for (let part = 1; part <= samplesCount; part++) {
      for (let step = 1; step <= reloadsPerSample; step++) {
        limit = (plan.requests * ((part - 1) * reloadsPerSample + step)) / (samplesCount * reloadsPerSample);
        reloads += 1;
        const reloaded = gateway.reload(reloads);
        await Promise.all([reloaded, ...Array.from({ length: plan.lanes }, lane)]);
      }
      await sample();
      plan.onProgress?.(sent);
    }
    buyer.close();
    const { handles: atFirst } = samples[0] ?? { handles: 0 };
    await until(
      'the connections are gone',
      async () => (await gateway.memory()).handles <= atFirst,
      hangsAfterMs,
    );
    await until(
      'every claim has ended',
      async () => (await gateway.totals()).claims.every(({ state }) => state === 'answered'),
      hangsAfterMs,
    );
    await sample();
    const { claims } = await gateway.totals();
    return {
      ...{ requests: sent, reloads, payments, faults, samples },
      claims: Object.fromEntries(claims.map(({ state, count }) => [state, count])),
      paidSat: String(paidSat),
      bookedSat: String(claims.reduce((sum, { paid }) => sum + BigInt(paid), 0n)),
    };
  } finally {
    buyer.close();
    await gateway.close();
    await upstream.close();
  }
}

function pickKind(random: Random): (typeof soakKinds)[number][1] {
  let at = random.below(soakKinds.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, kind] of soakKinds) {
    if (at < weight) return kind;
    at -= weight;
  }
  throw new Error('The weights do not add up.');
}
