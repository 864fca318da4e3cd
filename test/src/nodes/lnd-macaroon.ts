import { randomBytes } from 'node:crypto';

/** What LND puts into its `invoice.macaroon` (LND's rpcserver.go, `invoicePermissions`). */
export const invoiceMacaroonOperations: readonly string[] = [
  'address:read',
  'address:write',
  'invoices:read',
  'invoices:write',
  'onchain:read',
];

/** What a wallet needs. */
export const payMacaroonOperations: readonly string[] = ['info:read', 'offchain:read', 'offchain:write'];

/** What LND puts into its `admin.macaroon`. */
export const adminMacaroonOperations: readonly string[] = [
  'address:read',
  'address:write',
  'info:read',
  'info:write',
  'invoices:read',
  'invoices:write',
  'macaroon:generate',
  'macaroon:read',
  'macaroon:write',
  'message:read',
  'message:write',
  'offchain:read',
  'offchain:write',
  'onchain:read',
  'onchain:write',
  'peers:read',
  'peers:write',
  'signer:generate',
  'signer:read',
];

/**
 * A macaroon in LND's binary form: libmacaroons V2 with the id of macaroon-bakery v3. Its signature is random: who
 * takes it compares the whole, as the facade does.
 */
export function bakeMacaroon(operations: readonly string[]): Buffer {
  const actions = new Map<string, string[]>();
  for (const operation of operations) {
    const [entity = '', action = ''] = operation.split(':');
    actions.set(entity, [...(actions.get(entity) ?? []), action]);
  }
  const ops = [...actions].map(([entity, list]) =>
    message(
      3,
      Buffer.concat([message(1, Buffer.from(entity)), ...list.map((each) => message(2, Buffer.from(each)))]),
    ),
  );
  const id = Buffer.concat([
    Buffer.from([3]),
    message(1, randomBytes(16)),
    message(2, Buffer.from('0')),
    ...ops,
  ]);
  return Buffer.concat([
    Buffer.from([2]),
    packet(1, Buffer.from('lnd')),
    packet(2, id),
    Buffer.from([0, 0]),
    packet(6, randomBytes(32)),
  ]);
}

const packet = (type: number, data: Buffer) =>
  Buffer.concat([Buffer.from([type]), varint(data.length), data]);
const message = (field: number, data: Buffer) => packet((field << 3) | 2, data);
const varint = (value: number) =>
  value < 128 ? Buffer.from([value]) : Buffer.from([(value & 0x7f) | 0x80, value >> 7]);
