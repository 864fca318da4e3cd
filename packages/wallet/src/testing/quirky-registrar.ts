import { createHash } from 'node:crypto';
import { ask, deliver, hashOf, Seller, type Turn } from './seller.js';

/** What the registrar of the seeds is documented to do wrong, each on its own. */
export interface Quirks {
  /**
   * How a request that is no JSON is answered, and with `readsReplayAsForm` every request with a credential: as the web form
   * that it is taken for (R19, R21).
   */
  readonly form: 'redirect' | 'html';
  /** Takes every paid request for a web form, whatever it says. */
  readonly readsReplayAsForm: boolean;
  /** Answers 401 to who shows no identity, paid or not. */
  readonly needsIdentity: boolean;
  /** What is said of a payment that cannot be verified (R24, R27). */
  readonly refusal: string;
}

const defaults: Quirks = {
  form: 'redirect',
  readsReplayAsForm: false,
  needsIdentity: false,
  refusal: 'Payment authorization did not verify',
};

/**
 * A registrar on loopback with the documented quirks: identity in X-API-Key or Bearer, a name is locked by whoever asks for
 * its price, form branch with 302 to `/search` or a page. It sells over the paper node for one satoshi.
 */
export class QuirkyRegistrar {
  readonly seller: Seller;
  /** Who holds which name. */
  readonly locks = new Map<string, string>();
  /** Who owns which name. */
  readonly names = new Map<string, string>();
  quirks: Quirks = defaults;

  constructor() {
    this.seller = new Seller((turn) => this.#handle(turn));
  }

  async listen(): Promise<this> {
    await this.seller.listen();
    return this;
  }

  close(): Promise<void> {
    return this.seller.close();
  }

  /** Begins anew, with other quirks. */
  reset(quirks: Partial<Quirks> = {}): void {
    this.quirks = { ...defaults, ...quirks };
    this.locks.clear();
    this.names.clear();
    this.seller.seen.length = 0;
  }

  get registerUrl(): string {
    return `${this.seller.url}/api/v1/domains/register`;
  }

  async #handle(turn: Turn): Promise<void> {
    const { seen, response } = turn;
    const [, fqdn, action] = /^\/api\/v1\/domains\/([^/]+)\/(lock-status|reset-lock)$/.exec(seen.url) ?? [];
    const who = identityOf(turn);
    if (fqdn !== undefined && action !== undefined) {
      if (who === undefined) return problem(response, 401, 'Who are you?');
      if (action === 'reset-lock') this.locks.delete(fqdn);
      const holder = this.locks.get(fqdn);
      return json(response, {
        status: 'success',
        locked: holder !== undefined,
        holder: holder === who ? 'self' : 'other',
      });
    }
    if (seen.url !== '/api/v1/domains/register' || seen.method !== 'POST')
      return problem(response, 404, 'No such page');
    return this.#register(turn, who);
  }

  async #register(turn: Turn, who: string | undefined): Promise<void> {
    const { seen, response, seller } = turn;
    const isJson = /json/.test(seen.headers['content-type'] ?? '');
    if (!isJson || (seen.credential !== undefined && this.quirks.readsReplayAsForm)) return this.#form(turn);
    if (who === undefined && this.quirks.needsIdentity)
      return problem(response, 401, 'An agent key is needed');
    const order: unknown = JSON.parse(seen.body);
    const fqdn = nameOf(order);
    const holder = this.locks.get(fqdn);
    const actor = who ?? 'nobody';
    if (seen.credential === undefined) {
      if (holder !== undefined && holder !== actor)
        return problem(response, 409, `${fqdn} is locked by a pending payment`);
      // The quirk: asking for the price locks the name.
      this.locks.set(fqdn, actor);
      return ask(response, await seller.challenge());
    }
    const { preimage } = seen.credential.payload;
    const proved = typeof preimage === 'string' && sha256(preimage) === hashOf(seen.credential);
    // Another identity than the one that asked is another session.
    if (!proved || holder !== actor) {
      const body = JSON.stringify({
        type: 'about:blank',
        title: 'Invalid',
        detail: this.quirks.refusal,
        status: 402,
      });
      const { serializeChallenge } = await import('@farebox/protocol');
      response.writeHead(402, {
        'www-authenticate': serializeChallenge(await seller.challenge()),
        'content-type': 'application/problem+json',
      });
      response.end(body);
      return;
    }
    this.locks.delete(fqdn);
    this.names.set(fqdn, actor);
    deliver(response, seen.credential);
  }

  #form({ response }: Turn): void {
    if (this.quirks.form === 'redirect') response.writeHead(302, { location: '/search' }).end();
    else {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<!doctype html><title>Search</title>');
    }
  }
}

function identityOf({ seen }: Turn): string | undefined {
  const key = seen.headers['x-api-key'];
  if (typeof key === 'string') return key;
  return /^Bearer (.+)$/.exec(seen.headers.authorization ?? '')?.[1];
}

function nameOf(order: unknown): string {
  const member = (name: string) =>
    typeof order === 'object' && order !== null ? String(Reflect.get(order, name) ?? '') : '';
  return `${member('domain')}.${member('namespace') || member('tld')}`;
}

function sha256(hex: string): string {
  return createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
}

function json(response: Turn['response'], value: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

function problem(response: Turn['response'], status: number, detail: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title: 'No', detail, status }));
}
