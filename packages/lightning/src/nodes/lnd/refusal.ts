import { isJsonObject, type JsonValue } from '@farebox/protocol';
import { NodeError } from '../../node.js';
import type { NodeAnswer } from '../http/call.js';
import { objectOf, textOf, wholeOf } from '../http/fields.js';
import type { NodeHttp } from '../http/node-http.js';

/** A refusal of LND: the code of gRPC and its words. Unary calls have it bare, streams within `error`. */
export interface LndRefusal {
  readonly code: number;
  readonly message: string;
}

/** The code of gRPC for what does not exist. */
export const grpcNotFound = 5;

/** Undefined when it is not LND that speaks, but a proxy before it. */
export function lndRefusalOf(json: JsonValue | undefined): LndRefusal | undefined {
  if (!isJsonObject(json)) return undefined;
  const error = isJsonObject(json.error) ? objectOf(json, 'error') : json;
  const code = wholeOf(error, 'code') ?? wholeOf(error, 'grpc_code');
  const message = textOf(error, 'message');
  return code === undefined || message === undefined ? undefined : { code: Number(code), message };
}

const credentialWords = /permission denied|verification failed|macaroon|caveat/i;
const notReadyWords = /wallet locked|wallet not created|waiting to start|in the process of starting up/i;

/** LND's refusal as an error. Most refusals have the same code, so that only the words tell. */
export function errorOfRefusal(http: NodeHttp, refusal: LndRefusal): NodeError {
  const said = http.clean(refusal.message);
  if (credentialWords.test(refusal.message)) {
    return new NodeError(
      'node_unauthorized',
      `LND does not accept the macaroon, or it lacks a right (${said}).`,
    );
  }
  if (notReadyWords.test(refusal.message)) {
    return new NodeError(
      'node_unreachable',
      `LND runs but is not ready (${said}); unlock its wallet, or wait.`,
    );
  }
  return new NodeError('node_refused', `LND refused (${said}).`);
}

/** The error of an answer that is no success, whoever gave it. */
export function errorOfAnswer(http: NodeHttp, answer: NodeAnswer): NodeError {
  const refusal = lndRefusalOf(answer.json);
  return refusal === undefined ? http.refusal(answer) : errorOfRefusal(http, refusal);
}
