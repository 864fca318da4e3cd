import { decodeFunctionResult, encodeFunctionData, parseAbi } from 'viem';
import { Abis } from 'viem/tempo';
import type { TempoChain } from '../chain/chain.js';
import { type Address, type Hex, readAddress, readHex } from '../chain/hex.js';
import { TempoRpcError } from '../chain/rpc.js';
import type { KeyAllowance, KeyScope, KeyState } from './key-state.js';

/** A contract that is on every Tempo chain from its first block, and makes many questions one. */
export const multicall: Address = '0xca11bde05977b3631167028862be2a173976ca11';
/** The precompile that knows the access keys. */
export const keychain: Address = '0xaaaaaaaa00000000000000000000000000000000';

const multicallAbi = parseAbi([
  'struct Call { address target; bool allowFailure; bytes callData; }',
  'struct Result { bool success; bytes returnData; }',
  'function aggregate3(Call[] calls) view returns (Result[])',
  'function getChainId() view returns (uint256)',
  'function getBlockNumber() view returns (uint256)',
  'function getCurrentBlockTimestamp() view returns (uint256)',
  'function getBasefee() view returns (uint256)',
]);
const keychainAbi = Abis.accountKeychain;

/** What is to be known of a chain at one moment. */
export interface SnapshotQuestions {
  /** Balances to read, in this order. */
  readonly balances?: readonly { readonly token: Address; readonly holder: Address }[];
  /** An access key, and the tokens whose limits are wanted. */
  readonly key?: {
    readonly account: Address;
    readonly keyAddress: Address;
    readonly tokens: readonly Address[];
  };
}

/** What one block says, read in one call of the node. */
export interface Snapshot {
  readonly chainId: number;
  readonly blockNumber: bigint;
  /** The chain's clock, seconds since the epoch. It decides about validity, not ours. */
  readonly timeS: number;
  /** Attodollars per gas. */
  readonly baseFeePerGas: bigint;
  /** In the order of the questions. */
  readonly balances: readonly bigint[];
  /** Present when a key was asked for. */
  readonly key?: KeyState;
}

interface Question<T> {
  readonly target: Address;
  readonly data: Hex;
  read(returned: Hex): T;
}

const clock = {
  chainId: ask('getChainId'),
  blockNumber: ask('getBlockNumber'),
  time: ask('getCurrentBlockTimestamp'),
  baseFee: ask('getBasefee'),
};

function ask(
  functionName: 'getChainId' | 'getBlockNumber' | 'getCurrentBlockTimestamp' | 'getBasefee',
): Question<bigint> {
  return {
    target: multicall,
    data: encodeFunctionData({ abi: multicallAbi, functionName }),
    read: (data) => decodeFunctionResult({ abi: multicallAbi, functionName, data }),
  };
}

function balanceOf(token: Address, holder: Address): Question<bigint> {
  const call = { abi: Abis.tip20, functionName: 'balanceOf' } as const;
  return {
    target: token,
    data: encodeFunctionData({ ...call, args: [holder] }),
    read: (data) => decodeFunctionResult({ ...call, data }),
  };
}

/** The questions about a key, and how their answers make a state. */
function keyQuestions({ account, keyAddress, tokens }: NonNullable<SnapshotQuestions['key']>) {
  const args = [account, keyAddress] as const;
  const key = { abi: keychainAbi, functionName: 'getKey' } as const;
  const scope = { abi: keychainAbi, functionName: 'getAllowedCalls' } as const;
  const limit = { abi: keychainAbi, functionName: 'getRemainingLimitWithPeriod' } as const;
  const datas = [
    encodeFunctionData({ ...key, args }),
    encodeFunctionData({ ...scope, args }),
    ...tokens.map((token) => encodeFunctionData({ ...limit, args: [...args, token] })),
  ];
  return {
    datas,
    read(returned: readonly Hex[]): KeyState {
      const [keyData, scopeData, ...limitDatas] = returned;
      if (keyData === undefined || scopeData === undefined) throw misread();
      const found = decodeFunctionResult({ ...key, data: keyData });
      if (found.isRevoked) return { status: 'revoked' };
      // An unknown key is no error: it is all zeros.
      if (readAddress(found.keyId) !== keyAddress) return { status: 'missing' };
      const [isScoped, scopes] = decodeFunctionResult({ ...scope, data: scopeData });
      const allowances = limitDatas.map((data, index): KeyAllowance => {
        const [remaining, periodEnd] = decodeFunctionResult({ ...limit, data });
        const token = tokens[index];
        if (token === undefined) throw misread();
        return { token, remaining, ...(periodEnd > 0n && { periodEndsS: Number(periodEnd) }) };
      });
      return {
        status: 'registered',
        keyType: found.signatureType === 0 ? 'secp256k1' : found.signatureType === 1 ? 'p256' : 'other',
        expiresS: Number(found.expiry),
        allowances: found.enforceLimits ? allowances : undefined,
        scopes: isScoped ? scopes.map(readScope) : undefined,
      };
    },
  };
}

function readScope(scope: {
  readonly target: string;
  readonly selectorRules: readonly { readonly selector: string; readonly recipients: readonly string[] }[];
}): KeyScope {
  return {
    target: must(readAddress(scope.target)),
    selectors: scope.selectorRules.map(({ selector, recipients }) => ({
      selector: must(readHex(selector)),
      recipients: recipients.map((recipient) => must(readAddress(recipient))),
    })),
  };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw misread();
  return value;
}

function misread(): TempoRpcError {
  return new TempoRpcError(
    'rpc_malformed',
    "The Tempo node's answer about accounts and keys cannot be read; is it a node of a Tempo chain?",
  );
}

/**
 * Reads clock, fee, balances and a key's state from one block, with one call of the node: what is compared belongs
 * together, and a payment waits for one round trip only.
 *
 * @throws TempoRpcError
 */
export async function readSnapshot(chain: TempoChain, questions: SnapshotQuestions = {}): Promise<Snapshot> {
  const balances = (questions.balances ?? []).map(({ token, holder }) => balanceOf(token, holder));
  const key = questions.key && keyQuestions(questions.key);
  const { chainId, blockNumber, time, baseFee } = clock;
  const simple = [chainId, blockNumber, time, baseFee, ...balances];
  const calls = [
    ...simple.map(({ target, data }) => ({ target, callData: data })),
    ...(key?.datas ?? []).map((callData) => ({ target: keychain, callData })),
  ].map((call) => ({ ...call, allowFailure: false }));
  const call = { abi: multicallAbi, functionName: 'aggregate3' } as const;
  const answer = await chain.read(multicall, encodeFunctionData({ ...call, args: [calls] }));
  try {
    const returned = decodeFunctionResult({ ...call, data: answer }).map(({ returnData }) => returnData);
    const read = <T>(question: Question<T>, index: number) => question.read(must(returned[index]));
    return {
      chainId: Number(read(chainId, 0)),
      blockNumber: read(blockNumber, 1),
      timeS: Number(read(time, 2)),
      baseFeePerGas: read(baseFee, 3),
      balances: balances.map((question, index) => read(question, 4 + index)),
      ...(key && { key: key.read(returned.slice(simple.length)) }),
    };
  } catch {
    // The decoder's words would show calldata and nothing that helps.
    throw misread();
  }
}

/**
 * Makes sure that a snapshot is of the right chain: what another chain says of accounts and keys means nothing.
 *
 * @throws TempoRpcError
 */
export function checkSnapshotChain(snapshot: Snapshot, chainId: number): void {
  if (snapshot.chainId === chainId) return;
  throw new TempoRpcError(
    'rpc_malformed',
    `The Tempo node belongs to chain ${snapshot.chainId}, not ${chainId}; connect another`,
  );
}
