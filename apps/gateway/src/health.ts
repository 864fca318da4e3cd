import type { Ledger } from '@farebox/ledger';
import type { InvoiceNode } from '@farebox/lightning';

/** How long a part may take to answer before it counts as unavailable. */
export const healthTimeoutMs = 2_000;
/** For how long an answer stands: a probe in a tight loop must not become work for node and ledger. */
export const healthLifeMs = 1_000;

/** What `GET /healthz` says. */
export interface Health {
  readonly status: 'ok' | 'unavailable';
  readonly ledger: 'ok' | 'unavailable';
  /** `none`: no route has a price, so there is no node. */
  readonly node: 'ok' | 'unavailable' | 'none';
}

/** Asks ledger and node, at most once every {@link healthLifeMs}. */
export function createHealthCheck(
  ledger: Ledger,
  node: Pick<InvoiceNode, 'info'> | undefined,
  now: () => number,
): () => Promise<Health> {
  let asked: Promise<Health> | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;
  const ask = async (): Promise<Health> => {
    const [ledgerWorks, nodeWorks] = await Promise.all([
      // An id that no challenge has: the cheapest question that needs the ledger to answer.
      answers(() => ledger.find('A'.repeat(43))),
      node === undefined ? true : answers(() => node.info()),
    ]);
    return {
      status: ledgerWorks && nodeWorks ? 'ok' : 'unavailable',
      ledger: ledgerWorks ? 'ok' : 'unavailable',
      node: node === undefined ? 'none' : nodeWorks ? 'ok' : 'unavailable',
    };
  };
  return () => {
    if (asked === undefined || now() - askedMs >= healthLifeMs) {
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
