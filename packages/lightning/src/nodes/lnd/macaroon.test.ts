import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMacaroon, rightsOf } from './macaroon.js';

// Baked by LND v0.21.2 for a regtest node that no longer exists.
const invoiceMacaroon =
  '0201036c6e640258030a10e94faaa9d6b74ea28848ac532ded35c51201301a160a0761646472657373120472656164120577726974651a170a08696e766f69636573120472656164120577726974651a0f0a076f6e636861696e1204726561640000062052dce56a207e1617e377000963ad4e967e81c0eae85d8b926b56d2bb5baee00a';
const adminMacaroon =
  '0201036c6e6402f801030a10eb4faaa9d6b74ea28848ac532ded35c51201301a160a0761646472657373120472656164120577726974651a130a04696e666f120472656164120577726974651a170a08696e766f69636573120472656164120577726974651a210a086d616361726f6f6e120867656e6572617465120472656164120577726974651a160a076d657373616765120472656164120577726974651a170a086f6666636861696e120472656164120577726974651a160a076f6e636861696e120472656164120577726974651a140a057065657273120472656164120577726974651a180a067369676e6572120867656e6572617465120472656164000006208dc83d8b46e46440f3bd29225b482604935ee5732a4159fc64fd65cac2d30f59';
const bakedMacaroon =
  '0201036c6e640248030a10f14faaa9d6b74ea28848ac532ded35c51201301a0c0a04696e666f1204726561641a220a03757269121b2f6c6e7270632e4c696768746e696e672f416464496e766f696365000006208f1210adc94b0bdfa22eea14e30d55a357ac70f857ab2570d6e81fc9d845e394';

const heldBy = (hex: string) =>
  rightsOf(readMacaroon(hex).operations)
    .filter(({ held }) => held)
    .map(({ right }) => right);

describe('a macaroon of LND', () => {
  it('is read from its file, from its hex, and from a file of hex', () => {
    const binary = Buffer.from(invoiceMacaroon, 'hex');
    for (const given of [
      binary,
      invoiceMacaroon,
      `${invoiceMacaroon.toUpperCase()}\n`,
      Buffer.from(`${invoiceMacaroon}\n`),
    ]) {
      expect(readMacaroon(given)).toEqual({
        hex: invoiceMacaroon,
        operations: ['address:read', 'address:write', 'invoices:read', 'invoices:write', 'onchain:read'],
      });
    }
  });

  it('tells what it allows: selling, everything, or one single call', () => {
    expect(heldBy(invoiceMacaroon)).toEqual(['invoice', 'lookup']);
    expect(new Set(heldBy(adminMacaroon))).toEqual(
      new Set(['info', 'invoice', 'lookup', 'pay', 'track', 'balance', 'onchain', 'administer']),
    );
    expect(readMacaroon(bakedMacaroon).operations).toEqual(['info:read', 'uri:/lnrpc.Lightning/AddInvoice']);
    expect(heldBy(bakedMacaroon)).toEqual(['info', 'invoice']);
  });

  it.each([
    ['uri:/lnrpc.Lightning/SendPaymentSync', 'pay'],
    ['uri:/routerrpc.Router/SendToRouteV2', 'pay'],
    ['uri:/lnrpc.Lightning/OpenChannelSync', 'onchain'],
    ['uri:/lnrpc.Lightning/CloseChannel', 'onchain'],
    ['uri:/walletrpc.WalletKit/FinalizePsbt', 'onchain'],
    ['uri:/lnrpc.Lightning/BakeMacaroon', 'administer'],
    ['uri:/a.later.Version/Whatever', 'administer'],
    ['macaroon:write', 'administer'],
    ['loop:out', 'administer'],
    ['uri:/lnrpc.Lightning/ListChannels', undefined],
    ['address:write', undefined],
    ['peers:read', undefined],
  ])('sees what %s lets a thief do beside selling: %s', (operation, right) => {
    const selling = ['info:read', 'invoices:read', 'invoices:write'];
    const wide = rightsOf([...selling, operation]).filter(
      ({ held, word }) => held && !selling.includes(word),
    );
    expect(wide).toEqual(right === undefined ? [] : [{ right, held: true, word: operation }]);
  });

  it('names a single call that is enough, and not the operation that it is part of', () => {
    const call = 'uri:/routerrpc.Router/SendPaymentV2';
    expect(rightsOf([call])).toContainEqual({ right: 'pay', held: true, word: call });
  });

  it.each([
    ['nothing', ''],
    ['a path', '/home/seller/.lnd/invoice.macaroon'],
    ['its JSON', '{"v":2}'],
    ['half of one', invoiceMacaroon.slice(0, 60)],
    ['an older format', `01${invoiceMacaroon.slice(2)}`],
    ['too much', 'ab'.repeat(20_000)],
  ])('is not %s, and the error does not repeat it', (_, given) => {
    for (const each of [given, Buffer.from(given)]) {
      const read = () => readMacaroon(each);
      expect(read).toThrow(expect.objectContaining({ name: 'NodeError', code: 'node_refused' }));
      expect(read).toThrow('This is no macaroon of LND: give its file, or its content in hex.');
    }
  });

  it('is never read from other bytes with anything but that error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, genuineStart) => {
        const given = genuineStart ? Buffer.concat([Buffer.from('0201036c6e64', 'hex'), bytes]) : bytes;
        try {
          for (const operation of readMacaroon(given).operations) expect(operation).toContain(':');
        } catch (error) {
          expect(error).toMatchObject({ name: 'NodeError', code: 'node_refused' });
        }
      }),
    );
  });
});
