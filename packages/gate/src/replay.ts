import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KeptAnswer } from '@farebox/ledger';
import { type Answer, sendAnswer } from './answer.js';
import type { Admission } from './decision.js';
import type { Delivery } from './delivery.js';

/** A kept answer, with the receipt of its delivery (design: stored answers). The upstream is not asked. */
export async function replay(kept: KeptAnswer, delivery: Delivery, method: string): Promise<Admission> {
  const commit = await delivery.commit(kept.status);
  if (!commit.ok) return { kind: 'refused', answer: commit.answer };
  const body = Buffer.from(kept.body.buffer, kept.body.byteOffset, kept.body.byteLength);
  const headers = [...kept.headers, ...commit.headers];
  // RFC 9110 §8.6: a 204 has no length, and of a HEAD or a 304 we do not know the one that a GET would have had.
  const bodiless = method === 'HEAD' || kept.status === 204 || kept.status === 304;
  if (!bodiless) headers.push('Content-Length', String(body.length));
  return { kind: 'replayed', answer: { status: kept.status, headers, body }, delivery };
}

/** Sends a kept answer, and tells its delivery whether it left. */
export function sendReplay(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  delivery: Delivery,
): void {
  if (response.destroyed) {
    delivery.cut();
    return;
  }
  response.once('close', () => {
    if (response.writableFinished) delivery.answered();
    else delivery.cut();
  });
  sendAnswer(request, response, answer);
}
