import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { isSecure } from '../request.js';
import { plainText } from '../seller-problem.js';
import { type Finding, fault, fine, note, warning } from './finding.js';

const handshakeTimeoutMs = 10_000;
const dayMs = 24 * 60 * 60_000;
/** A certificate that ends so soon is worth a warning. */
const daysLeftMin = 7;

/** Looks at the connection itself (draft-httpauth-payment-00 §"Transport Security": TLS 1.2 or later). Sends nothing. */
export async function examineTls(url: string, nowMs: number): Promise<readonly Finding[]> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'http:') {
    return isSecure(url)
      ? [note('tls', 'loopback', 'Plain http to this very machine; nobody else can listen in.')]
      : [
          fault(
            'tls',
            'plain_http',
            'seller',
            'The address is plain http: whoever is in between can read and use the proof of payment.',
            'Use https; Farebox pays nothing over plain http to another machine.',
          ),
        ];
  }
  const socket = await handshake(hostname.replace(/^\[|\]$/g, ''), Number(port === '' ? 443 : port));
  if (socket === undefined) return [];
  try {
    return judge(socket, hostname, nowMs);
  } finally {
    socket.destroy();
  }
}

/** The connection with whatever certificate; undefined when there is none: the question itself will say why. */
function handshake(host: string, port: number): Promise<TLSSocket | undefined> {
  return new Promise((resolve) => {
    // The certificate is judged here and nothing is ever sent over this connection.
    // A server has no name to be called by where there is only its address.
    const named = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({ host, port, ...named, rejectUnauthorized: false }, () => resolve(socket));
    const give = () => {
      socket.destroy();
      resolve(undefined);
    };
    socket.setTimeout(handshakeTimeoutMs, give);
    socket.once('error', give);
  });
}

function judge(socket: TLSSocket, hostname: string, nowMs: number): readonly Finding[] {
  const findings: Finding[] = [];
  const version = socket.getProtocol() ?? 'unknown';
  if (version === 'TLSv1.2' || version === 'TLSv1.3')
    findings.push(fine('tls', 'version', `The connection is ${version}.`));
  else {
    findings.push(
      fault('tls', 'version', 'seller', `The connection is ${version}; payment needs TLS 1.2 or later.`),
    );
  }
  const endMs = Date.parse(socket.getPeerCertificate().valid_to);
  // The types say an Error; at run time it is its code.
  const problem = socket.authorizationError as Error | string | null | undefined;
  if (problem) {
    const code =
      typeof problem === 'string' ? problem : 'code' in problem ? String(problem.code) : problem.message;
    findings.push(certificateFault(plainText(code), hostname));
  } else {
    findings.push(fine('tls', 'certificate', `The certificate is for ${hostname} and is trusted here.`));
    const days = Math.floor((endMs - nowMs) / dayMs);
    if (days < daysLeftMin) {
      findings.push(
        warning('tls', 'certificate_ends', 'seller', `The certificate ends in ${days} days.`, 'Renew it.'),
      );
    }
  }
  return findings;
}

function certificateFault(code: string, hostname: string): Finding {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const next = "The seller renews it; if this machine's clock is wrong, set it.";
    return fault(
      'tls',
      'certificate',
      'seller',
      `The certificate of ${hostname} is not valid now (${code}).`,
      next,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return fault(
      'tls',
      'certificate',
      'seller',
      `The certificate is for another name than ${hostname}.`,
      'Check the address.',
    );
  }
  const next =
    'If the seller uses an authority of its own that you trust, name its file in NODE_EXTRA_CA_CERTS; otherwise do not pay here.';
  return fault(
    'tls',
    'certificate',
    'seller',
    `The certificate of ${hostname} is not trusted (${code}).`,
    next,
  );
}
