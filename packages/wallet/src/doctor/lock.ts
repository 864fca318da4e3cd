import { isJsonObject, parseJsonObject } from '@farebox/protocol';
import type { Header, ReplayableRequest } from '../request.js';
import { type Finding, fault, fine, skipped } from './finding.js';
import { type ProbeOptions, probe } from './probe.js';

const labelForm = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** What a registrar locks while a name is being paid for. */
interface LockedName {
  readonly fqdn: string;
  /** `https://registrar.example/api/v1/domains/name.tld` */
  readonly url: string;
}

/** The name that a request would register or renew, by the registrar's documented shapes; undefined for anything else. */
export function lockedName({ url, body }: ReplayableRequest): LockedName | undefined {
  const [, root] =
    /^(https?:\/\/[^/?#]+(?:\/[^/?#]+)*?\/v1)\/(?:domains\/)?(?:register|renew)\/?(?:[?#].*)?$/.exec(url) ??
    [];
  if (root === undefined || body === undefined) return undefined;
  const order = parseJsonObject(new TextDecoder().decode(body));
  const domain = order?.domain;
  const space = order?.namespace ?? order?.tld;
  if (typeof domain !== 'string') return undefined;
  const fqdn = domain.includes('.') || typeof space !== 'string' ? domain : `${domain}.${space}`;
  if (!fqdn.includes('.') || !fqdn.split('.').every((label) => labelForm.test(label))) return undefined;
  return { fqdn: fqdn.toLowerCase(), url: `${root}/domains/${fqdn.toLowerCase()}` };
}

/** What the registrar said of a lock. */
export interface LockReport {
  readonly name: LockedName;
  /** Undefined where it could not be found out, for this reason. */
  readonly lock: 'free' | 'mine' | 'held' | undefined;
  readonly why: string;
}

/** Asks whether a name is locked; undefined for requests that are about no name. Only asks. */
export async function askForLock(
  request: ReplayableRequest,
  options: ProbeOptions,
): Promise<LockReport | undefined> {
  const name = lockedName(request);
  if (name === undefined) return undefined;
  const get = { url: `${name.url}/lock-status`, method: 'GET', headers: identityOf(request.headers) };
  const asked = await probe(get, get.headers, options);
  if (!asked.ok || asked.answer.status !== 200) {
    return { name, lock: undefined, why: asked.ok ? `answers ${asked.answer.status}` : 'does not answer' };
  }
  const status = parseJsonObject(asked.answer.body) ?? {};
  const data = isJsonObject(status.data) ? status.data : status;
  const locked = data.locked === true || data.status === 'locked' || data.state === 'locked';
  const mine =
    data.holder === true || data.is_holder === true || data.holder === 'you' || data.holder === 'self';
  return { name, lock: locked ? (mine ? 'mine' : 'held') : 'free', why: '' };
}

/**
 * Judges a lock that was there before anything was asked for (R25, R26): a payment that was interrupted leaves one. It is
 * never cleared by this program itself.
 *
 * @param conflict - True when the seller's other answers spoke of a lock.
 */
export function judgeLock(
  report: LockReport | undefined,
  conflict: boolean,
  headers: readonly Header[],
): readonly Finding[] {
  if (report === undefined) return [];
  const { name, lock, why } = report;
  const reset = resetAdvice(name, headers);
  if (lock === undefined) {
    return conflict
      ? [
          fault(
            'lock',
            'lock_unknown',
            'you',
            `The seller speaks of a lock, and its lock-status ${why}.`,
            reset,
          ),
        ]
      : [skipped('lock', 'lock', `Whether ${name.fqdn} is locked was not found out: lock-status ${why}.`)];
  }
  if (lock === 'free') return [fine('lock', 'lock', `${name.fqdn} was not locked.`)];
  if (lock === 'mine') {
    const text = `${name.fqdn} is locked by a payment of yours that was not finished.`;
    const next = `If you have paid, finish it first: farebox pay resume --all. If not: ${reset}`;
    return [fault('lock', 'stale_lock', 'you', text, next)];
  }
  const next = `Wait until it ends. If it was yours, under this identity: ${reset}`;
  return [fault('lock', 'locked', 'you', `${name.fqdn} is locked by another payment.`, next)];
}

function identityOf(headers: readonly Header[]): readonly Header[] {
  return headers.filter(([name]) => /^(?:x-api-key|authorization)$/i.test(name));
}

/** The command that clears it, without the key itself. */
function resetAdvice(name: LockedName, headers: readonly Header[]): string {
  const key = headers.some(([header]) => header.toLowerCase() === 'x-api-key') ? 'the same key' : 'your key';
  return `clear the lock with: farebox pay request ${name.url}/reset-lock -X POST -H 'X-API-Key: …' (${key})`;
}
