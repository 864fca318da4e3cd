import { connect, type Socket } from 'node:net';
import type { PayingNode } from '@farebox/lightning';
import { type Challenge, decodeRequest, parseChallenges, serializeCredential } from '@farebox/protocol';
import { isNodeLate } from './presenting.js';
import { until } from './processes.js';

/** A request by hand. */
export interface HandRequest {
  readonly method?: string;
  readonly body?: string;
}

/** A challenge that was paid, and its proof. */
export interface Bought {
  readonly challenge: Challenge;
  readonly preimage: string;
  /** The `Authorization` field value. */
  readonly credential: string;
}

/** Asks, reads the challenge, pays its invoice with the node, and makes the credential. Presents nothing. */
export async function buyByHand(
  node: Pick<PayingNode, 'payInvoice'>,
  url: string,
  request: HandRequest = {},
): Promise<Bought> {
  // A busy machine's node may not make an invoice in time; then the gateway says so, and it is asked again.
  const answer = await until(`a challenge of ${url}`, async () => {
    const asked = await fetch(url, request);
    const text = await asked.text();
    return isNodeLate(asked.status, text) ? undefined : asked;
  });
  const [challenge] = parseChallenges(answer.headers.get('www-authenticate') ?? '').challenges;
  if (answer.status !== 402 || challenge === undefined)
    throw new Error(`Expected a challenge, got ${answer.status}.`);
  const paid = await node.payInvoice({ invoice: invoiceOf(challenge), maxFeeMsat: 0n, timeoutMs: 60_000 });
  if (paid.status !== 'succeeded') throw new Error(`Not paid: ${paid.status}`);
  const { preimage } = paid;
  return { challenge, preimage, credential: serializeCredential({ challenge, payload: { preimage } }) };
}

/** The invoice of a lightning challenge. */
export function invoiceOf(challenge: Challenge): string {
  const details = decodeRequest(challenge.request)?.methodDetails;
  if (typeof details === 'object' && details !== null && 'invoice' in details) return String(details.invoice);
  throw new Error('The challenge has no invoice.');
}

/** The bytes of a request that closes its connection. */
export function requestBytes(
  path: string,
  credential: string,
  { method = 'GET', body }: HandRequest = {},
): string {
  const length = body === undefined ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${credential}\r\n${length}`;
  return `${head}Connection: close\r\n\r\n${body ?? ''}`;
}

/** Opens connections, a bounded number at a time so that none waits in the listener's queue. */
export async function openSockets(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () => openSocket(port));
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Writes the bytes and resolves with everything that comes back until the other side closes. */
export function exchange(socket: Socket, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(bytes, 'latin1');
  });
}

/**
 * How often raw answers came with each status. A refusal that wanted a fresh invoice, which the node of a busy machine did not
 * make in time, counts as the 402 that it stands for: nothing is served and nothing is used up either.
 */
export function countStatuses(answers: readonly string[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const answer of answers) {
    const told = statusOf(answer);
    const status = isNodeLate(told, answer) ? 402 : told;
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/**
 * Presents once more what was presented by many at once, until it is judged: not told to wait, and the node not too busy for
 * the invoice of a refusal. The status of that.
 */
export function statusAfterwards(
  url: string,
  path: string,
  credential: string,
  request: HandRequest = {},
): Promise<number> {
  return until(`${path} is judged once more`, async () => {
    const answer = await fetch(url + path, { ...request, headers: { Authorization: credential } });
    const text = await answer.text();
    const inUse = answer.status === 409 && text.includes('in-progress');
    return inUse || isNodeLate(answer.status, text) ? undefined : answer.status;
  });
}

/** The status of a raw answer; 0 when there is none. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}
