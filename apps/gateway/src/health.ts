import type { Ledger } from '@farebox/ledger';
import type { InvoiceNode } from '@farebox/lightning';

/** How long a part may take to answer before it counts as unavailable. */
export const healthTimeoutMs = 2_000;
/** For how long an answer stands: a probe in a tight loop must not become work for node and ledger. */
export const healthLifeMs = 1_000;

/** How one part stands. */
export type PartState = 'ok' | 'unavailable';

/** What `GET /healthz` says. */
export interface Alive {
  readonly status: PartState;
  readonly ledger: PartState;
  /** `none`: no route has a price, so there is no node. */
  readonly node: PartState | 'none';
}

/** What `GET /readyz` says. */
export interface Ready {
  /**
   * ok           everything answers
   * degraded     some upstreams cannot be reached: what the others serve is still sold
   * unavailable  nothing can be sold: no ledger, no node, or no upstream at all
   * draining     shutting down: nothing new is taken
   */
  readonly status: 'ok' | 'degraded' | 'unavailable' | 'draining';
  readonly ledger: PartState;
  readonly node: PartState | 'none';
  readonly upstream: PartState | 'degraded';
}

/** What the checks ask. */
export interface HealthParts {
  readonly ledger: Pick<Ledger, 'find'>;
  readonly node: Pick<InvoiceNode, 'info'> | undefined;
  /** Those of the configuration that is in force. */
  readonly upstreams: () => ReadonlyMap<string, Reachable>;
  readonly draining: () => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Something that can be asked whether it can be reached. */
export interface Reachable {
  /** Rejects, or takes its time, when it cannot be. */
  reach(): Promise<void>;
}

/** The checks. Each asks at most once every {@link healthLifeMs}, however often it is asked. */
export interface Health {
  alive(): Promise<Alive>;
  ready(): Promise<Ready>;
  /** Every upstream by its name: for those who may know the names. */
  upstreams(): Promise<ReadonlyMap<string, PartState>>;
}

/** Makes the checks of a gateway. */
export function createHealth(parts: HealthParts): Health {
  const { ledger, node, now } = parts;
  const core = remembered(now, async () => {
    const [ledgerWorks, nodeWorks] = await Promise.all([
      // An id that no challenge has: the cheapest question that needs the ledger to answer.
      answers(() => ledger.find('A'.repeat(43))),
      node === undefined ? true : answers(() => node.info()),
    ]);
    return { ledger: stateOf(ledgerWorks), node: node === undefined ? 'none' : stateOf(nodeWorks) } as const;
  });
  const upstreams = remembered(now, async () => {
    const asked = [...parts.upstreams()].map(
      async ([name, upstream]) => [name, stateOf(await answers(() => upstream.reach()))] as const,
    );
    return new Map(await Promise.all(asked));
  });
  return {
    upstreams,
    async alive() {
      const state = await core();
      return { status: worst(state), ...state };
    },
    async ready() {
      const [state, each] = await Promise.all([core(), upstreams()]);
      const reached = [...each.values()].filter((one) => one === 'ok').length;
      const upstream = reached === each.size ? 'ok' : reached > 0 ? 'degraded' : 'unavailable';
      const status = parts.draining() ? 'draining' : worst(state) === 'ok' ? upstream : 'unavailable';
      return { status, ...state, upstream };
    },
  };
}

function worst(state: { readonly ledger: PartState; readonly node: PartState | 'none' }): PartState {
  return state.ledger === 'ok' && state.node !== 'unavailable' ? 'ok' : 'unavailable';
}

function stateOf(works: boolean): PartState {
  return works ? 'ok' : 'unavailable';
}

function remembered<T>(now: () => number, ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;
  return () => {
    // A clock that was set back must not keep an old answer alive.
    if (asked === undefined || Math.abs(now() - askedMs) >= healthLifeMs) {
      askedMs = now();
      asked = ask();
    }
    return asked;
  };
}

async function answers(question: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), healthTimeoutMs);
  });
  try {
    return await Promise.race([question().then(() => true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
