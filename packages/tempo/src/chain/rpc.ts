/** Why a call of a node's JSON-RPC did not give a result. */
export type TempoRpcErrorCode =
  /** Nobody answered, or the connection was lost. What a broadcast did is not known. */
  | 'rpc_unreachable'
  /** No answer in time. What a broadcast did is not known. */
  | 'rpc_timeout'
  /** The node answered with a JSON-RPC error: {@link TempoRpcError.rpcCode} and its own words. */
  | 'rpc_refused'
  /** The answer is no JSON-RPC, too long, or an HTTP error. What a broadcast did is not known. */
  | 'rpc_malformed';

/**
 * A call of a node failed. The message never contains the node's address, which may hold a key.
 */
export class TempoRpcError extends Error {
  override readonly name = 'TempoRpcError';
  readonly code: TempoRpcErrorCode;
  /** The JSON-RPC error's number, for `rpc_refused`. */
  readonly rpcCode: number | undefined;
  /** The node's own words for `rpc_refused`, cut and cleaned; empty otherwise. */
  readonly reason: string;
  constructor(
    code: TempoRpcErrorCode,
    message: string,
    refusal?: { readonly rpcCode: number; readonly reason: string },
  ) {
    super(message);
    this.code = code;
    this.rpcCode = refusal?.rpcCode;
    this.reason = refusal?.reason ?? '';
  }
}

/** One call of a node's JSON-RPC. */
export interface TempoRpc {
  /**
   * @returns The `result` member.
   * @throws TempoRpcError in every other case, no later than `timeoutMs` after the call.
   */
  request(method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown>;
  /** Closes idle connections. */
  close(): void;
}

/** Longest text of a node that is passed on. */
const reasonCharsMax = 300;

/** A node's words, cut, and without anything that could break a line or a terminal. */
export function cleanReason(text: unknown): string {
  return typeof text === 'string' ? text.slice(0, reasonCharsMax).replace(/[^\x20-\x7e]/g, ' ') : '';
}
