import { hash } from 'node:crypto';
import { type Answer, type Decision, problemAnswer } from '@farebox/gate';
import { isPaymentCredential, type Problem } from '@farebox/protocol';
import type { GatewayConfig } from '../config/config.js';
import { endSale, gateRequest, type Sale, serveAdmission, serveUnpaid, waitFor } from '../exchange/sell.js';
import type { OtherAccess } from '../exchange/visit.js';
import { rateLimitFields } from '../limits/fields.js';
import type { Limiter, WindowState } from '../limits/limiter.js';
import type { LimitWindow } from '../limits/window.js';
import { judgeKey, type KeyRoom, type KeyVerdict } from './judge.js';
import type { AccessEvent } from './problems.js';

/** What access is decided with. */
export interface AccessParts {
  /** Undefined: access is not sold by key. */
  readonly room: KeyRoom | undefined;
  /** For free requests. */
  readonly limiter: Limiter;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onEvent: (event: AccessEvent) => void;
}

/**
 * Access beside payment, of one configuration: by key, and for a number of requests free. Payment first, always; a payment
 * that fails leaves the request to its key, and the answer says so. Whoever is refused here gets the challenges too, and can
 * pay instead.
 */
export function createAccess(config: GatewayConfig, parts: AccessParts): OtherAccess {
  const { keys } = config;
  const header = keys?.header ?? '';
  return {
    enter(sale) {
      const { request, fields } = sale.visit;
      const secret = keys === undefined ? undefined : fieldOf(request.headers[header]);
      const { free } = sale.route.access;
      // Most requests bring no key to a route where nothing is free: they are none of our business.
      if (secret === undefined && free?.by !== 'client') return false;
      const paying = fields.credentials.some(isPaymentCredential);
      if (secret !== undefined) {
        if (paying) payOrKey(config, parts, sale, secret);
        else byKey(config, parts, sale, secret);
        return true;
      }
      if (paying || free?.by !== 'client') return false;
      byFreeQuota(parts, sale, freeWindow(free.requests, free.per));
      return true;
    },
  };
}

/** Several fields of one name are one wrong key, and not the choice of the reader. */
function fieldOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}

/** A key alone. */
function byKey(config: GatewayConfig, parts: AccessParts, sale: Sale, secret: string): void {
  waitFor(sale, judge(config, parts, sale, secret), (verdict) => {
    if (verdict.ok) serve(parts, sale, verdict, []);
    else refuse(parts, sale, verdict);
  });
}

/** Payment and key: payment first (R49). What fails leaves it to the key (R50); a key that is no good leaves it there. */
function payOrKey(config: GatewayConfig, parts: AccessParts, sale: Sale, secret: string): void {
  const { gate } = sale.visit.live;
  const next = (decision: Decision): void => {
    if (decision.kind !== 'yielded') {
      serveAdmission(sale, decision);
      return;
    }
    const ignored = ['Farebox-Payment', `ignored; reason=${decision.reason}`];
    waitFor(sale, judge(config, parts, sale, secret), (verdict) => {
      if (verdict.ok) {
        serve(parts, sale, verdict, ignored);
        return;
      }
      parts.onEvent({ kind: 'key-refused', route: sale.route.name, reason: verdict.reason });
      const limited = verdict.problem.status === 429 && verdict.reason !== 'too-many-strangers';
      const answering = limited ? decision.refuse(verdict.problem) : decision.refuse();
      const fields = limited ? [...ignored, ...verdict.fields] : [];
      waitFor(sale, answering, (answer) =>
        endSale(sale, limited ? dressed(answer, verdict.problem, fields) : answer),
      );
    });
  };
  const decided = gate.attempt(gateRequest(sale), sale.terms);
  if (decided instanceof Promise) waitFor(sale, decided, next);
  else next(decided);
}

function judge(config: GatewayConfig, parts: AccessParts, sale: Sale, secret: string): Promise<KeyVerdict> {
  const { visit, route } = sale;
  const { keys, realm } = config;
  const { room } = parts;
  if (keys === undefined || room === undefined) throw new Error('Keys are not configured.');
  const { labels, free } = route.access;
  const request = {
    secret,
    labels,
    method: visit.request.method ?? '',
    path: visit.path,
    client: visit.live.clientOf(visit.request, visit.fields),
    free:
      free?.by === 'key'
        ? { subject: routeMark(route.name), window: freeWindow(free.requests, free.per) }
        : undefined,
  };
  return judgeKey(room, { ...keys, realm }, request, parts.now());
}

function serve(
  { onEvent }: AccessParts,
  sale: Sale,
  verdict: KeyVerdict & { ok: true },
  fields: readonly string[],
): void {
  onEvent({ kind: 'key-served', route: sale.route.name, key: verdict.key.id, plan: verdict.key.plan });
  serveUnpaid(sale, [...fields, ...verdict.fields, ...privately], verdict.done);
}

/** What one key or one client gets is not for the cache of others. */
const privately = ['Cache-Control', 'private'];

/** The refusal of a key, with challenges beside it where some can be had. */
function refuse({ onEvent }: AccessParts, sale: Sale, verdict: KeyVerdict & { ok: false }): void {
  const { problem, fields, reason } = verdict;
  onEvent({ kind: 'key-refused', route: sale.route.name, reason });
  if (reason === 'too-many-strangers' || reason === 'unavailable') {
    endSale(sale, problemAnswer(problem, fields));
    return;
  }
  const decided = Promise.resolve(
    sale.visit.live.gate.admit({ ...gateRequest(sale), instead: problem }, sale.terms),
  );
  waitFor(sale, decided, (admission) => {
    if (admission.kind === 'refused') endSale(sale, dressed(admission.answer, problem, fields));
    else serveAdmission(sale, admission);
  });
}

/** The challenges under the problem, or, where none could be had, the problem alone. */
function dressed(answer: Answer, problem: Problem, fields: readonly string[]): Answer {
  if (answer.status !== problem.status || !hasChallenge(answer)) return problemAnswer(problem, fields);
  return { ...answer, headers: [...fields, ...answer.headers] };
}

function hasChallenge({ headers }: Answer): boolean {
  return headers.some((name, at) => at % 2 === 0 && name === 'WWW-Authenticate');
}

/** A request without key or payment, where some are free. */
function byFreeQuota({ limiter, now, onEvent }: AccessParts, sale: Sale, window: LimitWindow): void {
  const { visit, route } = sale;
  const client = visit.live.clientOf(visit.request, visit.fields);
  const taking = limiter.take(`${routeMark(route.name)}|${client}`, [window], now());
  waitFor(sale, taking, (taken) => {
    if (taken.ok) {
      onEvent({ kind: 'free-served', route: route.name });
      serveUnpaid(sale, [...rateLimitFields([window], taken.states), ...privately]);
      return;
    }
    askToPay(sale, window, taken.states);
  });
}

/** Nothing is free any more: the gate's own 402, which says when something will be. */
function askToPay(sale: Sale, window: LimitWindow, states: readonly WindowState[]): void {
  const decided = Promise.resolve(sale.visit.live.gate.admit(gateRequest(sale), sale.terms));
  waitFor(sale, decided, (admission) => {
    if (admission.kind !== 'refused') {
      serveAdmission(sale, admission);
      return;
    }
    const { answer } = admission;
    endSale(sale, { ...answer, headers: [...rateLimitFields([window], states), ...answer.headers] });
  });
}

function freeWindow(requests: number, unit: 'hour' | 'day' | 'month'): LimitWindow {
  return { name: 'free', requests, length: { kind: 'calendar', unit } };
}

const marks = new Map<string, string>();

/** A route in the keys of counters: of one length, whatever the route is called. Routes are as many as the configuration has. */
function routeMark(name: string): string {
  const known = marks.get(name) ?? hash('sha256', name, 'base64url').slice(0, 16);
  if (marks.size > 20_000) marks.clear();
  marks.set(name, known);
  return known;
}
