import type { Challenge } from '@farebox/protocol';
import { type PayableRequest, prepareRequest, type ReplayableRequest } from '../request.js';
import { examineFirstAnswer } from './answer.js';
import { examineChallenges } from './challenge.js';
import { examineClock } from './clock.js';
import { type Finding, type MethodExaminer, note, skipped } from './finding.js';
import { askForLock, judgeLock } from './lock.js';
import { explainSilence } from './network.js';
import { type ProbeAnswer, type ProbeOptions, probe } from './probe.js';
import { rehearse } from './replay.js';
import {
  type CredentialPlace,
  examineBody,
  examineHeaders,
  examineIdentity,
  examinePaymentHeader,
} from './request.js';
import { examineTls } from './tls.js';

/** How a seller is examined. */
export interface DiagnoseOptions {
  /** The methods' own points, in the order of preference. */
  readonly examiners: readonly MethodExaminer[];
  /** Whether the wallet could pay what is asked; called with the challenges that were read. Must not spend. */
  readonly examineWallet?: (challenges: readonly Challenge[]) => Promise<readonly Finding[]>;
  /** Whether the replay is rehearsed with a worthless credential. Default true. */
  readonly rehearse?: boolean;
  /** Where the credential will go, when the challenge does not say. Default `authorization`. */
  readonly credentialPlace?: CredentialPlace;
  /** `Accept-Payment` of the request, as the wallet sends it. */
  readonly accepts?: string | undefined;
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** What was found. */
export interface Diagnosis {
  readonly url: string;
  readonly method: string;
  /** Status of the answer without payment; undefined when there was none. */
  readonly status: number | undefined;
  readonly findings: readonly Finding[];
  /** Payment methods that were asked for: `lightning/charge`. */
  readonly offered: readonly string[];
}

/**
 * Finds out why a paid request does not work, and never spends anything: connection, clocks, the request itself, the
 * challenge against the specifications, the replay, locks and the wallet. Throws `WalletError` for a request that cannot
 * be made at all.
 */
export async function diagnose(payable: PayableRequest, options: DiagnoseOptions): Promise<Diagnosis> {
  const request = withPreference(prepareRequest(payable), options.accepts);
  const asking: ProbeOptions = {
    fetch: options.fetch ?? globalThis.fetch,
    now: options.now ?? Date.now,
    signal: options.signal,
  };
  const findings: Finding[] = [...(await examineTls(request.url, asking.now()))];
  // Before anything else: asking for a price locks the name at some registrars.
  const lock = await askForLock(request, asking);
  const first = await probe(request, request.headers, asking);
  findings.push(
    ...examineBody(request),
    ...examinePaymentHeader(request),
    ...examineHeaders(request.headers),
  );
  const seen = { url: request.url, method: request.method };
  if (!first.ok) {
    findings.push(explainSilence(first, request.url));
    return { ...seen, status: undefined, findings, offered: [] };
  }
  const { answer } = first;
  findings.push(examineClock(answer), ...examineFirstAnswer(answer, request));
  const later =
    answer.status === 402
      ? await examinePayable(request, answer, options, asking)
      : unpayable(request, options);
  findings.push(...later.findings);
  const conflict = findings.some(({ area, code }) => area === 'lock' && code === 'conflict');
  findings.push(...judgeLock(lock, conflict, request.headers));
  return { ...seen, status: answer.status, findings, offered: later.offered };
}

interface Later {
  readonly findings: readonly Finding[];
  readonly offered: readonly string[];
}

function unpayable(
  request: ReplayableRequest,
  { credentialPlace = 'authorization' }: DiagnoseOptions,
): Later {
  return { findings: examineIdentity(request.headers, credentialPlace), offered: [] };
}

async function examinePayable(
  request: ReplayableRequest,
  answer: ProbeAnswer,
  options: DiagnoseOptions,
  asking: ProbeOptions,
): Promise<Later> {
  const { challenges, findings } = await examineChallenges(answer, request, options.examiners, asking.now());
  const chosen = choose(challenges, options.examiners);
  const place = placeOf(chosen, options.credentialPlace);
  const all: Finding[] = [...examineIdentity(request.headers, place), ...findings];
  if (chosen === undefined)
    all.push(skipped('replay', 'replay', 'The replay was not rehearsed: there is nothing to present.'));
  else if (options.rehearse === false)
    all.push(note('replay', 'replay', 'The replay was not rehearsed, as you asked.'));
  else all.push(...(await rehearse(request, chosen, place, asking)).findings);
  if (options.examineWallet) all.push(...(await options.examineWallet(challenges)));
  return { findings: all, offered: challenges.map(({ method, intent }) => `${method}/${intent}`) };
}

/** The challenge that the wallet would look at first. */
function choose(
  challenges: readonly Challenge[],
  examiners: readonly MethodExaminer[],
): Challenge | undefined {
  for (const { method, intent } of examiners) {
    const found = challenges.find((challenge) => challenge.method === method && challenge.intent === intent);
    if (found) return found;
  }
  return challenges[0];
}

/** A challenge that names a field is bound to it. */
function placeOf(challenge: Challenge | undefined, wish: CredentialPlace = 'authorization'): CredentialPlace {
  const named = challenge?.header?.toLowerCase();
  return named === 'payment-authorization' || named === 'authorization' ? named : wish;
}

function withPreference(request: ReplayableRequest, accepts: string | undefined): ReplayableRequest {
  const has = request.headers.some(([name]) => name.toLowerCase() === 'accept-payment');
  if (accepts === undefined || has) return request;
  return { ...request, headers: [...request.headers, ['Accept-Payment', accepts]] };
}
