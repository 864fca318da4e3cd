/** A JSON-RPC 2.0 call, as it comes in. */
export interface RpcCall {
  readonly id?: unknown;
  readonly method: string;
  readonly params?: unknown;
}

/** A JSON-RPC 2.0 answer, without its envelope. */
export type RpcAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } };

/** True for an object that can be looked into. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for what can be called. */
export function isRpcCall(value: unknown): value is RpcCall {
  return isRecord(value) && typeof value.method === 'string';
}

/** Makes one call of the chain's own JSON-RPC. Rejects when it does not answer. */
export async function callRpc(url: string, method: string, params: unknown): Promise<RpcAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer: unknown = await response.json();
  if (isRecord(answer) && isRecord(answer.error)) {
    const { code, message, data } = answer.error;
    return {
      error: {
        code: typeof code === 'number' ? code : -32603,
        message: String(message),
        ...(data === undefined ? undefined : { data }),
      },
    };
  }
  return { result: isRecord(answer) ? (answer.result ?? null) : null };
}
