import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type Challenge, decodeRequest, parseChallenges, serializeCredential } from '@farebox/protocol';
import { SeededPayer } from './seeded-node.js';

/** How something is asked for. */
export interface Ask {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A whole answer; of a large one only how large it was. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly bytes: number;
}

/** A payment, as it can be presented. */
export interface Purchase {
  readonly credential: string;
  readonly amountSat: bigint;
}

/** Largest body that is kept. */
const keptBytesMax = 16 * 1024;

/** A client of the gateway that pays on paper. */
export class Buyer {
  readonly #agent: Agent;
  readonly #port: number;
  readonly #payer: SeededPayer;

  constructor(port: number, seed: string, connections: number) {
    this.#port = port;
    this.#payer = new SeededPayer(seed);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  ask(path: string, ask: Ask = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.open(path, ask, (response) => {
        const kept: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= keptBytesMax) kept.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(kept).toString(),
            bytes,
          }),
        );
      }).on('error', reject);
    });
  }

  /** Sends a request and hands over the answer as it begins. */
  open(
    path: string,
    { method = 'GET', body, headers = {} }: Ask,
    begun: (response: IncomingMessage) => void,
  ) {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asked = httpRequest(
      {
        host: '127.0.0.1',
        port: this.#port,
        path,
        method,
        agent: this.#agent,
        headers: { ...headers, ...length },
      },
      begun,
    );
    asked.end(body);
    return asked;
  }

  /** Asks for a challenge and pays it. */
  async buy(path: string, ask: Ask = {}): Promise<Purchase> {
    const reply = await this.ask(path, ask);
    const field = reply.headers['www-authenticate'];
    const [challenge] = parseChallenges(field ?? '').challenges;
    if (reply.status !== 402 || challenge === undefined)
      throw new Error(`Expected 402 for ${path}, got ${reply.status}: ${reply.body}`);
    return this.#pay(challenge);
  }

  close(): void {
    this.#agent.destroy();
  }

  #pay(challenge: Challenge): Purchase {
    const request = decodeRequest(challenge.request);
    const details = request?.methodDetails;
    const paymentHash =
      typeof details === 'object' && details !== null && 'paymentHash' in details
        ? String(details.paymentHash)
        : '';
    const payload = { preimage: this.#payer.pay(paymentHash) };
    return {
      credential: serializeCredential({ challenge, payload }),
      amountSat: BigInt(String(request?.amount)),
    };
  }
}
