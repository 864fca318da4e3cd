import { isJsonObject, type JsonObject } from '@farebox/protocol';
import type { NodeErrorCode } from '../node.js';
import type { NodeAnswer } from './http/call.js';
import { objectOf, textOf } from './http/fields.js';

/** A 404 that says that there is no such payment, as opposed to no such key or path. */
export function isMissing(answer: NodeAnswer): boolean {
  const said = isJsonObject(answer.json) ? textOf(answer.json, 'detail') : undefined;
  return answer.status === 404 && said?.startsWith('Payment does not exist') === true;
}

/** LNbits answers 404 to a key that it does not know. */
export function isUnknownWallet(answer: NodeAnswer): boolean {
  const said = isJsonObject(answer.json) ? textOf(answer.json, 'detail') : undefined;
  return answer.status === 404 && said?.startsWith('Wallet not found') === true;
}

/** Where LNbits means something else by a status than others do. */
export function lnbitsCodeOf(answer: NodeAnswer): NodeErrorCode | undefined {
  if (isUnknownWallet(answer)) return 'node_unauthorized';
  // Its own status for "the node behind LNbits failed, or did not like it".
  return answer.status === 520 ? 'node_refused' : undefined;
}

/** An entry that LNbits lists as failed. */
export function isFailed(found: JsonObject): boolean {
  return textOf(found, 'status') === 'failed' || textOf(objectOf(found, 'details'), 'status') === 'failed';
}
