import { LosslessNumber } from 'lossless-json';
import { z } from 'zod';
import { ProblemError } from './problem.js';
import { type NodeRefusal, type RpcClient, RpcFailure } from './rpc-client.js';
import { bitcoinToSats } from './sats.js';

/** Codes of Bitcoin Core (src/rpc/protocol.h) that this API tells apart. */
export const nodeRefusalCodes = {
  methodNotFound: -32601,
  internal: -32603,
  misc: -1,
  invalidAddressOrKey: -5,
  invalidParameter: -8,
  inWarmup: -28,
} as const;

/** A whole number in a node's answer. */
export const whole = z.instanceof(LosslessNumber).transform((number, context) => {
  const value = Number(number.value);
  if (Number.isSafeInteger(value)) return value;
  context.addIssue({ code: 'custom', message: 'not a safe integer' });
  return z.NEVER;
});

/** An amount or a rate in bitcoin in a node's answer, as satoshis. */
export const sats = z.instanceof(LosslessNumber).transform((number, context) => {
  const value = bitcoinToSats(number.value);
  if (value !== undefined) return value;
  context.addIssue({ code: 'custom', message: 'not an amount of bitcoin' });
  return z.NEVER;
});

/** A hash or a txid in a node's answer. */
export const hash = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * Calls a method and reads its result.
 *
 * @param refused turns what the node refused into the caller's fault, where it is one; `undefined` leaves it the node's
 * @throws RpcFailure when the node gave no usable answer
 * @throws ProblemError of `refused`, or 502 or 503 when the node refused for a reason of its own
 */
export async function ask<T extends z.ZodType>(
  rpc: RpcClient,
  method: string,
  params: readonly unknown[],
  shape: T,
  options: { refused?: (refusal: NodeRefusal) => ProblemError | undefined; lifeMs?: number } = {},
): Promise<z.output<T>> {
  const answer = await rpc.call(method, params, options.lifeMs);
  if (!answer.ok) throw options.refused?.(answer.refusal) ?? nodeFailed(answer.refusal);
  const result = shape.safeParse(answer.result);
  if (!result.success) throw new RpcFailure('node-answer-malformed', result.error);
  return result.data;
}

function nodeFailed(refusal: NodeRefusal): ProblemError {
  if (refusal.code === nodeRefusalCodes.inWarmup) {
    return new ProblemError(503, 'node-starting', 'The Bitcoin node is starting; try again later.');
  }
  return new ProblemError(
    502,
    'node-refused',
    `The Bitcoin node refused the call with code ${refusal.code}; try again later.`,
  );
}

/**
 * Writes satoshis as a JSON integer. All the bitcoin there will ever be is 2.1e15 sats, below 2^53, so nothing is lost.
 */
export function jsonSats(amount: bigint): number {
  return Number(amount);
}
