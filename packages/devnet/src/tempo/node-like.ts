import { setTimeout as delay } from 'node:timers/promises';
import type { Anvil } from './anvil.js';
import { callRpc, isRecord, type RpcAnswer } from './json-rpc.js';

/** How long a transaction is waited for before the answer is that there is no receipt, milliseconds. */
export const receiptTimeoutMs = 5_000;
/** Between two looks for a receipt, milliseconds. */
const receiptPollMs = 2;

/** JSON-RPC code of a transaction that is refused (EIP-1474). The code that a real Tempo node uses is not known. */
const transactionRejected = -32003;
/** Error code of a receipt that did not come in time (EIP-7966). */
const receiptTimeout = 4;

/** Gas that a transaction really needs, where the estimate does not look at its calls (TIP-1000). */
const baseGas = 60_000n;
const gasPerCall = 270_000n;
const gasPerKeyAuthorization = 1_200_000n;

/**
 * Answers one call as a Tempo node would, where the chain's own program answers differently:
 *
 * - a transaction that cannot be mined is refused at once, with the reason, instead of being dropped in silence;
 * - `eth_sendRawTransactionSync` takes a time-out as its second parameter, and answers when the receipt is there;
 * - the estimate of gas counts the calls and the key authorization.
 *
 * Everything else goes through as it is.
 */
export function answerAsNode(anvil: Anvil, method: string, params: unknown): Promise<RpcAnswer> {
  const list: readonly unknown[] = Array.isArray(params) ? params : [];
  switch (method) {
    case 'eth_sendRawTransaction':
      return send(anvil, list[0], (_receipt, hash) => hash);
    case 'eth_sendRawTransactionSync':
      return send(anvil, list[0], (receipt) => receipt);
    case 'eth_fillTransaction':
      return fill(anvil, params, list[0]);
    default:
      return callRpc(anvil.url, method, params ?? []);
  }
}

async function send(
  anvil: Anvil,
  raw: unknown,
  choose: (receipt: unknown, hash: string) => unknown,
): Promise<RpcAnswer> {
  const sent = await callRpc(anvil.url, 'eth_sendRawTransaction', [raw]);
  if ('error' in sent) return sent;
  const hash = String(sent.result);
  const giveUpMs = performance.now() + receiptTimeoutMs;
  while (performance.now() < giveUpMs) {
    // Before the receipt is looked for: a transaction that was mined is tried once more and dropped as a replay, and then
    // there is a reason although there is a receipt.
    const reason = anvil.droppedReason(hash);
    const found = await callRpc(anvil.url, 'eth_getTransactionReceipt', [hash]);
    if ('result' in found && found.result !== null) return { result: choose(found.result, hash) };
    if (reason !== undefined) return { error: { code: transactionRejected, message: reason } };
    await delay(receiptPollMs);
  }
  return {
    error: { code: receiptTimeout, message: `No receipt within ${receiptTimeoutMs} ms`, data: hash },
  };
}

async function fill(anvil: Anvil, params: unknown, request: unknown): Promise<RpcAnswer> {
  const filled = await callRpc(anvil.url, 'eth_fillTransaction', params);
  if (!('result' in filled) || !isRecord(filled.result) || !isRecord(filled.result.tx)) return filled;
  const asked = isRecord(request) ? request : {};
  const calls = Array.isArray(asked.calls) ? asked.calls.length : 1;
  const needed =
    baseGas +
    gasPerCall * BigInt(calls) +
    (asked.keyAuthorization === undefined ? 0n : gasPerKeyAuthorization);
  const { tx } = filled.result;
  const estimated = typeof tx.gas === 'string' ? BigInt(tx.gas) : 0n;
  if (estimated >= needed) return filled;
  return { result: { ...filled.result, tx: { ...tx, gas: `0x${needed.toString(16)}` } } };
}
