import { createHash, generateKeyPairSync, sign } from 'node:crypto';

/** A self-signed certificate with its key, PEM. */
export interface OwnCertificate {
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
}

/** What a certificate says. */
export interface CertificateWish {
  /** DNS names. */
  readonly names?: readonly string[];
  /** IPv4 addresses. */
  readonly addresses?: readonly string[];
  readonly notAfter?: Date;
  /** Whom it belongs to; the same for all by default, as all of one LND's are. */
  readonly owner?: string;
  /** Who signs it; itself when left out. */
  readonly issuer?: { readonly certificate: OwnCertificate; readonly owner: string };
}

/**
 * Makes a certificate as LND does, self-signed unless told otherwise: ECDSA on P-256, an authority itself, names in subjectAltName (RFC 5280).
 * Made anew for every test, so that no private key lies in the repository.
 */
export function selfSigned(wish: CertificateWish = {}): OwnCertificate {
  const { names = ['localhost'], addresses = ['127.0.0.1'], owner = 'farebox test', issuer } = wish;
  const notAfter = wish.notAfter ?? new Date(Date.now() + 86_400_000);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const nameOf = (text: string) => sequence(set(sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(text)))));
  const alternatives = [
    ...names.map((each) => tagged(0x82, Buffer.from(each))),
    ...addresses.map((each) => tagged(0x87, Buffer.from(each.split('.').map(Number)))),
  ];
  const extensions = sequence(
    sequence(
      oid('2.5.29.19'),
      tagged(0x01, Buffer.from([0xff])),
      octets(sequence(tagged(0x01, Buffer.from([0xff])))),
    ),
    sequence(oid('2.5.29.17'), octets(sequence(...alternatives))),
  );
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(
      0x02,
      Buffer.concat([Buffer.from([1]), createHash('sha1').update(String(Math.random())).digest()]),
    ),
    algorithm,
    nameOf(issuer?.owner ?? owner),
    sequence(time(new Date(Date.now() - 172_800_000)), time(notAfter)),
    nameOf(owner),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, extensions),
  );
  const signature = sign('sha256', body, issuer?.certificate.key ?? privateKey);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    fingerprint: createHash('sha256').update(der).digest('hex'),
  };
}

function tagged(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Uint8Array[]) => tagged(0x30, Buffer.concat(parts));
const set = (...parts: readonly Uint8Array[]) => tagged(0x31, Buffer.concat(parts));
const octets = (content: Uint8Array) => tagged(0x04, content);
const time = (date: Date) =>
  tagged(0x17, Buffer.from(date.toISOString().slice(2, 19).replace(/[-:T]/g, '').concat('Z')));

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}
