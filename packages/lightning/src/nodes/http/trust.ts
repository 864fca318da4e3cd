import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { ConnectionOptions, PeerCertificate, TLSSocket } from 'node:tls';
import { NodeError } from '../../node.js';

/**
 * What makes a node's TLS certificate trustworthy. Without any of it, the certificate must be of a public authority
 * and for the host's name.
 */
export type TlsTrust =
  /** PEM, one certificate or more: the node's own self-signed one, or its private authority's. */
  | { readonly certificates: string }
  /** SHA-256 of the node's certificate (DER), 64 hex digits, colons allowed. Only that certificate is accepted. */
  | { readonly fingerprint: string };

/** A trust that has been read: what `tls.connect` is given, and the check of what it brought. */
export interface ReadTrust {
  readonly options: ConnectionOptions;
  /**
   * Held against a connection after its handshake, before a byte is sent: why its certificate is not trusted, as a
   * code; undefined when it is.
   */
  distrust(socket: TLSSocket): string | undefined;
}

/** The code of a certificate that is not the one that was named. */
export const notPinnedCode = 'CERTIFICATE_NOT_PINNED';

const fingerprintShape = /^[0-9a-f]{64}$/;
const pemShape = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function pinned(text: string): ReadTrust {
  const wanted = text.replaceAll(':', '').trim().toLowerCase();
  if (!fingerprintShape.test(wanted)) {
    throw new NodeError('node_refused', 'A certificate fingerprint is SHA-256 in 64 hex digits.');
  }
  return {
    // The one certificate that is accepted is known, so neither its issuer nor its dates could add anything.
    // The connection is not handed out before `distrust` has been asked: see connect.ts.
    options: { rejectUnauthorized: false },
    distrust: (socket) => (fingerprintOf(socket.getPeerCertificate()) === wanted ? undefined : notPinnedCode),
  };
}

function trusting(pem: string): ReadTrust {
  const certificates = pem.match(pemShape) ?? [];
  if (certificates.length === 0) {
    throw new NodeError('node_refused', 'The file of trusted certificates holds none in PEM form.');
  }
  let own: ReadonlySet<string>;
  try {
    own = new Set(certificates.map((each) => hexOf(new X509Certificate(each).fingerprint256)));
  } catch (cause) {
    throw new NodeError('node_refused', 'A trusted certificate cannot be read.', { cause });
  }
  return {
    // Not refused by the handshake, so that `distrust` can look at a certificate that is itself in the file: several
    // of one host, as after a renewal, have one name, and the library takes the wrong one for its issuer.
    options: { ca: [...certificates], rejectUnauthorized: false },
    distrust(socket) {
      if (socket.authorized) return undefined;
      const certificate = socket.getPeerCertificate();
      // A node's own certificate, named here whole, says more than any host name in it.
      if (!own.has(fingerprintOf(certificate))) return codeOf(socket.authorizationError);
      return inForce(certificate, Date.now()) ? undefined : 'CERT_HAS_EXPIRED';
    },
  };
}

/** Node sets the code of OpenSSL's error, or the error of the host name check. */
function codeOf(error: unknown): string {
  if (typeof error === 'string') return error;
  return error instanceof Error && 'code' in error ? String(error.code) : notPinnedCode;
}

function inForce(certificate: PeerCertificate, nowMs: number): boolean {
  return Date.parse(certificate.valid_from) <= nowMs && nowMs < Date.parse(certificate.valid_to);
}

const hexOf = (fingerprint: string) => fingerprint.replaceAll(':', '').toLowerCase();

function fingerprintOf(certificate: PeerCertificate): string {
  // An empty object stands for no certificate.
  return hexOf(certificate.fingerprint256 ?? '');
}

/** @throws NodeError `node_refused`: the fingerprint or the certificates cannot be read. */
export function readTrust(trust: TlsTrust | undefined): ReadTrust {
  if (trust === undefined) return { options: {}, distrust: () => undefined };
  return 'fingerprint' in trust ? pinned(trust.fingerprint) : trusting(trust.certificates);
}

/** The name that is sent in the handshake; addresses have none. */
export function serverNameOf(host: string): string | undefined {
  return isIP(host) === 0 ? host : undefined;
}
