import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLnd, type TlsTrust } from './adapters.js';
import { type OwnCertificate, selfSigned } from './certificate.js';
import { type Facade, serveFacade } from './facade.js';
import { bakeMacaroon, payMacaroonOperations } from './lnd-macaroon.js';
import { shown } from './steps.js';

// Whom the adapter tells its macaroon to. The server behind the certificate counts what reaches it.

const macaroon = bakeMacaroon(payMacaroonOperations);
const facades: Facade[] = [];
let requests = 0;

async function serve(certificate: OwnCertificate): Promise<Facade> {
  const facade = await serveFacade(async () => {
    requests++;
    return {
      json: { identity_pubkey: `02${'ab'.repeat(32)}`, chains: [{ chain: 'bitcoin', network: 'regtest' }] },
    };
  }, certificate);
  facades.push(facade);
  return facade;
}

afterAll(() => Promise.all(facades.map((facade) => facade.close())));

async function askInfo(port: number, tls: TlsTrust | undefined, host = '127.0.0.1'): Promise<unknown> {
  const node = openLnd({ url: `https://${host}:${port}`, macaroon, ...(tls === undefined ? {} : { tls }) });
  try {
    return await node.info();
  } finally {
    await node.close();
  }
}

describe('the certificate of lnd (facade)', () => {
  const own = selfSigned();
  const other = selfSigned();
  const foreignNames = selfSigned({ names: ['node.example'], addresses: ['192.0.2.1'] });
  const authority = selfSigned({ owner: 'an authority' });
  const issuer = { certificate: authority, owner: 'an authority' };
  const issued = selfSigned({ issuer });
  const misnamed = selfSigned({ issuer, names: ['node.example'], addresses: ['192.0.2.1'] });
  const expired = selfSigned({ notAfter: new Date(Date.now() - 3_600_000) });
  const ports = new Map<OwnCertificate, number>();
  beforeAll(async () => {
    for (const each of [own, foreignNames, expired, issued, misnamed])
      ports.set(each, (await serve(each)).port);
  });
  const portOf = (certificate: OwnCertificate) => ports.get(certificate) ?? 0;
  const colons = own.fingerprint.toUpperCase().replace(/..(?=.)/g, '$&:');

  it.each<[string, OwnCertificate, TlsTrust, string]>([
    ['its own file', own, { certificates: own.cert }, '127.0.0.1'],
    ['its own file by name', own, { certificates: own.cert }, 'localhost'],
    ['a file of two', own, { certificates: `${other.cert}\n${own.cert}` }, '127.0.0.1'],
    ['its authority', issued, { certificates: authority.cert }, '127.0.0.1'],
    ['its fingerprint', own, { fingerprint: own.fingerprint }, '127.0.0.1'],
    ['its fingerprint as openssl writes it', own, { fingerprint: colons }, '127.0.0.1'],
    [
      'its own file, though it names other hosts',
      foreignNames,
      { certificates: foreignNames.cert },
      '127.0.0.1',
    ],
    ['its fingerprint, though it has expired', expired, { fingerprint: expired.fingerprint }, '127.0.0.1'],
  ])('is trusted by %s', async (_, server, tls, host) => {
    expect(await askInfo(portOf(server), tls, host)).toMatchObject({ kind: 'lnd', network: 'regtest' });
  });

  it.each<[string, OwnCertificate, TlsTrust | undefined, string]>([
    ['nothing is said', own, undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['it is another file', own, { certificates: other.cert }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['it is another fingerprint', own, { fingerprint: other.fingerprint }, 'CERTIFICATE_NOT_PINNED'],
    [
      'it has expired, though it is in the file',
      expired,
      { certificates: `${other.cert}${expired.cert}` },
      'CERT_HAS_EXPIRED',
    ],
    ['it has expired', expired, { certificates: expired.cert }, 'CERT_HAS_EXPIRED'],
  ])('is refused when %s, and not a byte of the request is sent', async (_, server, tls, code) => {
    const before = requests;
    const error: unknown = await askInfo(portOf(server), tls).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'NodeError', code: 'node_unreachable', sent: false });
    expect(shown(error)).toContain(`shows a certificate that is not trusted (${code}); nothing was sent`);
    expect(shown(error)).not.toContain(macaroon.toString('hex'));
    expect(requests).toBe(before);
  });

  it('is asked for: a server of plain http is told nothing', async () => {
    let seen = 0;
    const plain = await serveFacade(async () => {
      seen++;
      return { json: {} };
    });
    facades.push(plain);
    const asked = askInfo(plain.port, { certificates: own.cert });
    await expect(asked).rejects.toMatchObject({ code: 'node_unreachable', sent: false });
    expect(seen).toBe(0);
  });
});
