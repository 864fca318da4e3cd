import { isJsonObject, type JsonValue } from '@farebox/protocol';
import { NodeError, type PaymentState } from '../../node.js';
import type { NodeAnswer, NodeCall } from '../http/call.js';
import { objectOf, textOf } from '../http/fields.js';
import { CallLost } from '../http/lost.js';
import type { NodeHttp } from '../http/node-http.js';
import type { OutgoingPayment } from '../outgoing-payment.js';
import { errorOfAnswer, errorOfRefusal, grpcNotFound, lndRefusalOf } from './refusal.js';
import { hashBytes, pathBytes, paymentStateOf } from './wire.js';

/** What became of a payment, by LND's router. Never pays. */
export async function track(http: NodeHttp, paymentHash: string): Promise<PaymentState> {
  const path = `/v2/router/track/${pathBytes(hashBytes(paymentHash))}`;
  // The first line is the state of now; later ones would follow it until the end.
  const state = await http.stream<PaymentState>(
    { method: 'GET', path, repeating: 'harmless' },
    (line) => {
      const payment = isJsonObject(line) ? objectOf(line, 'result') : {};
      return textOf(payment, 'status') === undefined ? undefined : paymentStateOf(paymentHash, payment);
    },
    (answer) => {
      if (lndRefusalOf(answer.json)?.code === grpcNotFound) return { status: 'absent' };
      throw errorOfAnswer(http, answer);
    },
  );
  if (state === undefined)
    throw new NodeError('node_misbehaved', 'LND said nothing of the payment; ask again.');
  return state;
}

/** Hands a payment to LND's router, once, and waits for its end or the end of its time. */
export async function send(http: NodeHttp, payment: OutgoingPayment): Promise<PaymentState> {
  const { invoice, paymentHash, maxFeeMsat, timeoutMs } = payment;
  const call: NodeCall = {
    method: 'POST',
    path: '/v2/router/send',
    json: {
      payment_request: invoice,
      fee_limit_msat: String(maxFeeMsat),
      timeout_seconds: Math.max(1, Math.ceil(timeoutMs / 1_000)),
      no_inflight_updates: true,
      // When we hang up, at the latest when the time is up, no further attempt is started.
      cancelable: true,
    },
    timeoutMs,
    repeating: 'moves-money',
  };
  const take = (line: JsonValue): PaymentState | NodeError | undefined => {
    const refusal = lndRefusalOf(line);
    if (refusal !== undefined) return errorOfRefusal(http, refusal);
    const result = isJsonObject(line) ? objectOf(line, 'result') : {};
    const ended = ['SUCCEEDED', 'FAILED'].includes(textOf(result, 'status') ?? '');
    return ended ? paymentStateOf(paymentHash, result) : undefined;
  };
  const outcome = await http.stream<PaymentState | NodeError>(call, take, (answer) => refused(http, answer));
  if (outcome === undefined) return { status: 'in-flight' };
  return outcome instanceof NodeError ? afterRefusal(http, paymentHash, outcome) : outcome;
}

function refused(http: NodeHttp, answer: NodeAnswer): NodeError {
  const refusal = lndRefusalOf(answer.json);
  if (refusal !== undefined) return errorOfRefusal(http, refusal);
  // Not LND speaks but something before it, which may have passed the request on.
  throw new CallLost(
    'node_unreachable',
    `LND cannot be reached: status ${answer.status} came instead.`,
    true,
  );
}

/**
 * What LND's refusal of a payment means. It may be the second request for this hash, or the end of a stream while
 * the payment goes on (LND shutting down): most refusals have the same code. So LND is asked: a payment is recorded
 * before its first part leaves, and one that is not recorded was not sent.
 */
async function afterRefusal(http: NodeHttp, paymentHash: string, refusal: NodeError): Promise<PaymentState> {
  // The macaroon is looked at before anything else.
  if (refusal.code === 'node_unauthorized') throw refusal;
  const state = await track(http, paymentHash).catch((): PaymentState => ({ status: 'in-flight' }));
  if (state.status === 'absent') throw refusal;
  return state;
}
