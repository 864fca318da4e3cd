import { newId } from '../identity/secrets.js';
import { graceMs } from '../life/domain-life.js';
import type { Sql } from '../store/database.js';
import { bumpSerial, type OwnedDomain, removeDomain } from '../store/domains.js';
import { emitEvent } from '../store/webhooks.js';

/**
 * Gives a name whose grace is over back to the pool, with its records, and puts down for its owner that it has expired: as of
 * when it did, so that it is told before whatever becomes of the name now.
 */
export async function releaseName(sql: Sql, former: OwnedDomain): Promise<void> {
  const { fqdn, namespace, owner, expiresMs } = former;
  const event = { type: 'domain.expired', id: newId('evt'), data: { domain: fqdn } } as const;
  await emitEvent(sql, owner, event, expiresMs + graceMs);
  await removeDomain(sql, fqdn);
  await bumpSerial(sql, namespace);
}
