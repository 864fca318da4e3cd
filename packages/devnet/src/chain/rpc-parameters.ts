import type { JsonValue } from '@farebox/protocol';
import { BitcoinRpcError } from './rpc-error.js';

/** Positional parameters of one call, read with Bitcoin Core's refusals. */
export class RpcParameters {
  readonly #values: readonly JsonValue[];

  constructor(values: readonly JsonValue[]) {
    this.#values = values;
  }

  value(at: number): JsonValue | undefined {
    return this.#values[at] ?? undefined;
  }

  string(at: number, name: string): string {
    const value = this.#required(at, name);
    if (typeof value !== 'string') throw new BitcoinRpcError(-3, `${name} must be a string`);
    return value;
  }

  integer(at: number, name: string): number {
    const value = this.#required(at, name);
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      throw new BitcoinRpcError(-3, `${name} must be an integer`);
    }
    return value;
  }

  /** A hash or txid: 64 characters of hex. */
  hash(at: number, name: string): string {
    const value = this.string(at, name);
    if (value.length !== 64)
      throw new BitcoinRpcError(-8, `${name} must be of length 64 (not ${value.length})`);
    if (!/^[0-9a-fA-F]{64}$/.test(value)) throw new BitcoinRpcError(-8, `${name} must be hexadecimal string`);
    return value.toLowerCase();
  }

  flag(at: number, name: string, fallback: boolean): boolean {
    const value = this.value(at);
    if (value === undefined) return fallback;
    if (typeof value !== 'boolean') throw new BitcoinRpcError(-3, `${name} must be true or false`);
    return value;
  }

  /** A verbosity: a number, or the older true and false for 1 and 0. */
  verbosity(at: number, fallback: number): number {
    const value = this.value(at);
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value ? 1 : 0;
    return this.integer(at, 'verbosity');
  }

  #required(at: number, name: string): JsonValue {
    const value = this.value(at);
    if (value === undefined) throw new BitcoinRpcError(-1, `${name} is missing`);
    return value;
  }
}
