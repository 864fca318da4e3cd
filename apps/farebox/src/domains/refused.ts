import { type Problem, parseJsonObject, type Retry } from '@farebox/protocol';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import type { RawAnswer } from './ask.js';

/** A refusal of a registrar: what it is called here, what it means, and whether another try is worth it. */
export interface Advice {
  readonly code: string;
  /** One sentence. */
  readonly means: string;
  /** What to do next, with the commands for it. */
  readonly next: string;
  readonly retry: Retry;
}

/** What an advice is about. */
export interface AdviceAbout {
  readonly fqdn?: string | undefined;
  readonly origin: string;
}

/** A failure of a registrar's answer, with what it said. */
export class RegistrarRefusal extends CliError {
  readonly status: number;
  /** Data from outside. */
  readonly problem: Problem | undefined;

  constructor(advice: Advice, status: number, problem: Problem | undefined, exitCode: number) {
    const said = problem?.detail === undefined ? '' : ` (${status}: ${problem.detail})`;
    super(advice.code, `${advice.means}${said}. ${advice.next}`, { retry: advice.retry, exitCode });
    this.status = status;
    this.problem = problem;
  }
}

/** The failure that an answer is, where nothing was paid. */
export function refusedBy(answer: RawAnswer, about: AdviceAbout): RegistrarRefusal {
  const { status } = answer;
  const problem = readRegistrarProblem(answer);
  const advice = adviseOn(status, problem?.type, about) ?? misread(answer);
  const exitCode = status >= 500 ? exitCodes.network : exitCodes.failed;
  return new RegistrarRefusal(advice, status, problem, exitCode);
}

/** A page, a redirect or something else that is no answer to a call of the API. */
function misread({ status, location, contentType }: RawAnswer): Advice {
  const where = location === undefined ? '' : ` and points to ${plain(location)}`;
  if ((status >= 300 && status <= 399) || (status >= 200 && status <= 299))
    return malformed(status, where, contentType);
  return {
    code: 'registrar_refused',
    means: `The registrar answered ${status}`,
    next: 'Nothing was spent.',
    retry: status >= 500 || status === 429 ? 'safe' : 'never',
  };
}

/**
 * A redirect, above all to `/search`, or a page for people: the registrar took the call for a web form (R19–R21). Never a
 * success.
 */
export function malformed(status: number, where: string, contentType: string): Advice {
  const what = /html/i.test(contentType)
    ? 'with a page for people'
    : `with something that is no JSON${where}`;
  return {
    code: 'malformed_replay',
    means:
      status >= 300
        ? `The registrar answered ${status}${where}: it took the call for a web form`
        : `The registrar answered ${status} ${what}: it took the call for a web form`,
    next: 'Look at what stands between you and it: something drops the JSON body or its Content-Type.',
    retry: 'never',
  };
}

/** What a status and a problem's type mean, for people who want a name; undefined for what is not the registrar's own. */
export function adviseOn(status: number, type: string | undefined, about: AdviceAbout): Advice | undefined {
  const kind = /\/registrar\/([a-z-]+)$/.exec(type ?? '')?.[1];
  const named = kind === undefined ? undefined : byKind(kind, about);
  return named ?? byStatus(status, about);
}

function byKind(kind: string, { fqdn = 'the name' }: AdviceAbout): Advice | undefined {
  switch (kind) {
    case 'kept-as-balance':
      return {
        code: 'kept_as_balance',
        means: `${fqdn} was gone when the payment arrived, and what was paid is on your balance with the registrar`,
        next: 'Spend it on another name: farebox domains register <name> --gems --yes',
        retry: 'never',
      };
    case 'terms-not-agreed':
      return {
        code: 'terms_not_agreed',
        means: 'The registrar wants its terms agreed to',
        next: 'Read them, then add --agree-to-terms.',
        retry: 'never',
      };
    case 'lock-in-flight':
      return {
        code: 'payment_in_flight',
        means: `A payment for ${fqdn} is at work`,
        next: 'Finish it: farebox domains resume --all',
        retry: 'safe',
      };
    case 'balance-insufficient':
      return {
        code: 'balance_insufficient',
        means: 'There is not enough on your balance with the registrar',
        next: 'Pay for it instead: leave --gems out.',
        retry: 'never',
      };
    case 'malformed-replay':
      return { ...malformed(415, '', ''), means: 'The registrar did not get the JSON body that it was sent' };
    default:
      return undefined;
  }
}

function byStatus(status: number, { fqdn = 'the name', origin }: AdviceAbout): Advice | undefined {
  switch (status) {
    case 401:
      return {
        code: 'identity_refused',
        means: 'The registrar does not know who you are',
        next: `Look who you are with: farebox domains key show --registrar ${origin}`,
        retry: 'never',
      };
    case 403:
      return {
        code: 'not_allowed',
        means: `${fqdn} is not yours to do this with, or is not sold`,
        next: 'Look at your names with: farebox domains list',
        retry: 'never',
      };
    case 404:
      return {
        code: 'not_found',
        means: `The registrar knows nothing of ${fqdn} or of this call`,
        next: 'Look at the name, then search for it with: farebox domains search',
        retry: 'never',
      };
    case 409:
      return {
        code: 'taken',
        means: `${fqdn} cannot be had`,
        next: 'If a payment of yours for it is unfinished: farebox domains resume --all; else search for another name.',
        retry: 'never',
      };
    case 423:
      return {
        code: 'locked',
        means: `${fqdn} is locked by a payment that was begun`,
        next: `If it was yours, finish it (farebox domains resume --all) or, if you never paid, clear it (farebox domains locks reset ${fqdn}); else wait until the lock is over.`,
        retry: 'safe',
      };
    case 429:
      return {
        code: 'too_many',
        means: 'The registrar takes no more of this from you for now',
        next: 'Pay for what you have locked, or wait and try again.',
        retry: 'safe',
      };
    default:
      return undefined;
  }
}

const textCharsMax = 500;

/** The problem document of an answer (RFC 9457), as far as it is one: data, on one line, shortened. */
function readRegistrarProblem({ status, text }: RawAnswer): Problem | undefined {
  const value = parseJsonObject(text);
  if (value === undefined) return undefined;
  const member = (name: string) => {
    const found = value[name];
    return typeof found === 'string' ? plain(found) : undefined;
  };
  const detail = member('detail') ?? member('message') ?? member('error');
  return {
    type: member('type') ?? 'about:blank',
    title: member('title') ?? '',
    status,
    ...(detail !== undefined && { detail: detail.replace(/\.$/, '') }),
  };
}

function plain(text: string): string {
  const line = text.slice(0, textCharsMax).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.trim();
}
