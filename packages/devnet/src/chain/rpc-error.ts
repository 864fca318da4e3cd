/** An error of the Bitcoin JSON-RPC, with Bitcoin Core's code (`rpc/protocol.h`). */
export class BitcoinRpcError extends Error {
  override readonly name = 'BitcoinRpcError';
  /** -32601 unknown method, -8 bad parameter, -5 not found … */
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
