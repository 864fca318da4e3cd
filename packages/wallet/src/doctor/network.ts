import { type Finding, fault } from './finding.js';
import type { Probe } from './probe.js';

const dnsCodes = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_FAIL'];
const tlsCodes = /^(?:CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/;

/** Why there was no answer at all. */
export function explainSilence(failed: Probe & { readonly ok: false }, url: string): Finding {
  const { host } = new URL(url);
  const { kind, code } = failed;
  if (kind === 'timed-out') {
    return fault(
      'network',
      'timed_out',
      'seller',
      `${host} was reached or not, and did not answer in time.`,
      'Try again later.',
    );
  }
  if (dnsCodes.includes(code)) {
    const next =
      'Check the spelling of the host, and that this machine can resolve names (containers often cannot).';
    return fault(
      'network',
      'name_unknown',
      'network',
      `The name ${host} cannot be resolved (${code}).`,
      next,
    );
  }
  if (code === 'ECONNREFUSED') {
    const next = 'Check address and port; if both are right, the seller is down.';
    return fault('network', 'refused', 'seller', `Nothing listens at ${host}.`, next);
  }
  if (tlsCodes.test(code)) {
    const next = 'Do not switch the check off: whoever is in between could read the proof of payment.';
    return fault('tls', 'tls_failed', 'seller', `No trusted connection to ${host} (${code}).`, next);
  }
  const why = code === '' ? '' : ` (${code})`;
  return fault(
    'network',
    'unreachable',
    'network',
    `${host} cannot be reached, or broke off${why}.`,
    'Try again.',
  );
}
