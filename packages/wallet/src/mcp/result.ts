import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { WalletError } from '../errors.js';
import { cleanText, quoteUntrusted, untrustedNote } from './untrusted.js';

/** A seller's words within a result. */
export interface Untrusted {
  readonly note: string;
  /** Who wrote it: an origin. */
  readonly from: string;
  readonly [member: string]: unknown;
}

/** Marks what a seller wrote. */
export function untrusted(from: string, members: Readonly<Record<string, unknown>>): Untrusted {
  return { note: untrustedNote, from, ...members };
}

/** A result with its object, and the same as text for clients that show only text. BigInts become decimal strings. */
export function toolResult(
  value: Readonly<Record<string, unknown>>,
  quoted?: { readonly from: string; readonly text: string },
): CallToolResult {
  const structuredContent = plain(value);
  const { untrusted: _left, ...ours } = structuredContent;
  const shown = quoted === undefined ? structuredContent : ours;
  const content: CallToolResult['content'] = [{ type: 'text', text: JSON.stringify(shown) }];
  if (quoted !== undefined) content.push({ type: 'text', text: quoteUntrusted(quoted.from, quoted.text) });
  return { structuredContent, content };
}

function plain(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  );
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

/**
 * A failure that says where the money is. Never a secret; the seller's own words are marked. It is text alone: a client
 * that has listed the tools holds any structured content against the schema of the tool's success, and would lose it.
 */
export function toolFailure(error: unknown, from: string): CallToolResult {
  return shownFailure(failureReport(error, from), from);
}

/**
 * The same for a call that pays nothing and finishes what was paid for: where it could not begin, nobody knows what became
 * of the payments, and a refusal must not read as if nothing had been spent on them.
 */
export function finishFailure(error: unknown, from: string): CallToolResult {
  const report = failureReport(error, from);
  return shownFailure(isRefusal(error) ? { ...report, ...asItWas } : report, from);
}

const asItWas = {
  outcome: 'unknown',
  paid: null,
  next: 'What was paid before is as it was: do not pay for it again. Call the tool resume when this has been put right.',
};

function shownFailure(
  {
    untrusted: said,
    ...ours
  }: { readonly untrusted?: Untrusted | undefined; readonly [member: string]: unknown },
  from: string,
): CallToolResult {
  const content: CallToolResult['content'] = [{ type: 'text', text: JSON.stringify(ours) }];
  if (said !== undefined) content.push({ type: 'text', text: quoteUntrusted(from, JSON.stringify(said)) });
  return { isError: true, content };
}

/** What a failure says, as an object: within the result of a call that did several things. */
export function failureReport(error: unknown, from: string) {
  return error instanceof WalletError ? walletReport(error, from) : ownReport(error);
}

function walletReport(error: WalletError, from: string) {
  const { code, retry, outcome, spent, paymentId, status, problem } = error;
  return {
    ok: false,
    code,
    message: ownWords(error),
    outcome,
    retry,
    paid: spent === 'maybe' ? null : spent === 'yes',
    id: paymentId ?? null,
    status: status ?? null,
    next: advice(error),
    ...(problem && { untrusted: untrusted(from, { problem }) }),
  };
}

/** The wallet's own sentence, without what it quotes of the seller: that is said beside it, marked as the seller's. */
function ownWords({ message, problem }: WalletError): string {
  let own = cleanText(message)
    .replace(/a redirect to .*?, not followed/, 'a redirect, not followed')
    .replace(/ \(offered: [^)]*\)/, '');
  for (const quoted of [problem?.detail, problem?.title]) {
    if (quoted !== undefined && quoted !== '') own = own.replaceAll(cleanText(quoted), '…');
  }
  return own;
}

function advice({ retry, paymentId, exitClass, spent }: WalletError): string {
  if (spent === 'fee')
    return 'Nobody was paid and a fee was spent. Do not try again without asking the owner.';
  if (exitClass === 'policy') {
    return "Refused by this wallet's own rules. Only its owner can change them, not a tool call; do not try to get round it.";
  }
  if (paymentId !== undefined && (retry === 'resume' || retry === 'same-credential')) {
    return `Do not pay again. Call the tool resume with the id ${paymentId}.`;
  }
  return retry === 'safe' ? 'Nothing was spent; it may be tried again.' : 'Nothing was spent.';
}

/** What is said of a failure that is none of the wallet's: only messages that were written for people. */
function ownReport(error: unknown) {
  const known = isRefusal(error);
  const message = known
    ? error.message
    : 'Something broke that should not; look at the payments with history.';
  return {
    ok: false,
    code: known ? (namedBy(error, 'code') ?? 'failed') : 'failed',
    message: cleanText(message),
    outcome: known ? 'not-sent' : 'unknown',
    retry: known ? (namedBy(error, 'retry') ?? 'safe') : 'resume',
    paid: known ? false : null,
    id: null,
    status: null,
    next: known ? 'Nothing was spent.' : 'Call the tool history before paying again.',
    untrusted: undefined,
  };
}

/** Errors of the command line have a code and a sentence for people, as ours have; foreign errors could say anything. */
function isRefusal(error: unknown): error is Error {
  return error instanceof ToolRefusal || (error instanceof Error && error.name === 'CliError');
}

function namedBy(error: Error, member: 'code' | 'retry'): string | undefined {
  const name: unknown = Reflect.get(error, member);
  return typeof name === 'string' ? name : undefined;
}

/** A call that is refused before anything is done. */
export class ToolRefusal extends Error {
  override readonly name = 'ToolRefusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
