import { Address, OutScript } from '@scure/btc-signer';

/** Address parameters of regtest. */
export const REGTEST = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef } as const;

/** Bitcoin Core's names of output kinds. */
export type ScriptKind =
  | 'nulldata'
  | 'pubkey'
  | 'pubkeyhash'
  | 'scripthash'
  | 'multisig'
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  | 'nonstandard';

const KINDS: Readonly<Record<string, ScriptKind>> = {
  pk: 'pubkey',
  pkh: 'pubkeyhash',
  sh: 'scripthash',
  ms: 'multisig',
  wpkh: 'witness_v0_keyhash',
  wsh: 'witness_v0_scripthash',
  tr: 'witness_v1_taproot',
};

/** Kind and regtest address of an output script, as Bitcoin Core names them. */
export function describeScript(script: Uint8Array): { kind: ScriptKind; address?: string } {
  if (script[0] === 0x6a) return { kind: 'nulldata' };
  try {
    const decoded = OutScript.decode(script);
    const kind = KINDS[decoded.type] ?? 'nonstandard';
    const addressed = kind !== 'pubkey' && kind !== 'multisig' && kind !== 'nonstandard';
    return addressed ? { kind, address: Address(REGTEST).encode(decoded) } : { kind };
  } catch {
    return { kind: 'nonstandard' };
  }
}

/** The output script of a regtest address; undefined when it is not one. */
export function scriptOfAddress(address: string): Uint8Array | undefined {
  try {
    return OutScript.encode(Address(REGTEST).decode(address));
  } catch {
    return undefined;
  }
}

/** The script as Bitcoin Core prints it: opcode names for what devnet produces, hex for pushed data. */
export function scriptAsm(script: Uint8Array): string {
  const words: string[] = [];
  let at = 0;
  while (at < script.length) {
    const opcode = script[at++] ?? 0;
    let length = 0;
    if (opcode >= 0x01 && opcode <= 0x4b) length = opcode;
    else if (opcode === 0x4c) length = script[at++] ?? 0;
    else if (opcode === 0x4d) {
      length = (script[at] ?? 0) | ((script[at + 1] ?? 0) << 8);
      at += 2;
    } else {
      words.push(opcodeName(opcode));
      continue;
    }
    if (at + length > script.length) return [...words, '[error]'].join(' ');
    words.push(Buffer.from(script.subarray(at, at + length)).toString('hex'));
    at += length;
  }
  return words.join(' ');
}

const OPCODES: Readonly<Record<number, string>> = {
  0: '0',
  79: '-1',
  106: 'OP_RETURN',
  118: 'OP_DUP',
  135: 'OP_EQUAL',
  136: 'OP_EQUALVERIFY',
  169: 'OP_HASH160',
  172: 'OP_CHECKSIG',
  174: 'OP_CHECKMULTISIG',
};

function opcodeName(opcode: number): string {
  if (opcode >= 0x51 && opcode <= 0x60) return String(opcode - 0x50);
  return OPCODES[opcode] ?? `OP_UNKNOWN(${opcode})`;
}
