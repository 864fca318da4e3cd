import { isJsonObject, type JsonObject } from '@farebox/protocol';
import { NodeError, type NodeErrorCode } from '../../node.js';
import type { NodeAnswer } from './call.js';
import { WrongCertificate } from './connect.js';
import { textOf } from './fields.js';
import { notPinnedCode } from './trust.js';

const certificateCodes: ReadonlySet<string> = new Set([
  notPinnedCode,
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why no connection or answer was had, in a sentence that says what to do. */
export function describeLoss(name: string, origin: string, error: Error & { code?: unknown }): string {
  const code = typeof error.code === 'string' ? error.code : undefined;
  if ((code !== undefined && certificateCodes.has(code)) || error instanceof WrongCertificate) {
    return `${name} at ${origin} shows a certificate that is not trusted (${code}); nothing was sent. Give the node's own certificate, or its fingerprint.`;
  }
  if (code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true) {
    return `${name} at ${origin} does not speak TLS as expected (${code}); check whether the address is http or https.`;
  }
  const why = code ?? error.message;
  return `${name} at ${origin} does not answer (${why}); check that it runs and that the address is right.`;
}

/** The words that a node has for its refusal. Nodes differ in where they put them. */
export function wordsOf(json: JsonObject): string | undefined {
  const { error } = json;
  const inner = isJsonObject(error) ? textOf(error, 'message') : textOf(json, 'error');
  return textOf(json, 'message') ?? textOf(json, 'detail') ?? inner ?? textOf(json, 'reason');
}

/** What a status means where the node says nothing more precise. */
export function codeOfStatus(status: number): NodeErrorCode {
  if (status === 401 || status === 403) return 'node_unauthorized';
  // A proxy before the node says these when the node is down or busy.
  if (status === 429 || (status >= 502 && status <= 504)) return 'node_unreachable';
  return status >= 400 && status < 500 ? 'node_refused' : 'node_misbehaved';
}

/** An answer that is no success, as an error. `clean` takes what may be secret out of the node's words. */
export function refusalOf(
  name: string,
  answer: Pick<NodeAnswer, 'status' | 'json'>,
  clean: (text: string) => string,
  code: NodeErrorCode = codeOfStatus(answer.status),
): NodeError {
  const words = isJsonObject(answer.json) ? wordsOf(answer.json) : undefined;
  const said = words === undefined ? `status ${answer.status}` : `status ${answer.status}: ${clean(words)}`;
  if (code === 'node_unauthorized') {
    return new NodeError(code, `${name} does not accept the credential, or it lacks a right (${said}).`);
  }
  return new NodeError(code, `${name} refused the call (${said}).`);
}
