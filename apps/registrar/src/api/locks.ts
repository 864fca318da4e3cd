import { lockRights } from '../life/lock-life.js';
import { isoTime } from '../sell/order-answer.js';
import { lockStanding, removeLock } from '../store/locks.js';
import { clearedSchema, lockSchema } from './answers.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { fqdnOf } from './named.js';
import { registrarProblem } from './problems.js';
import { mustIdentify } from './request.js';
import { isSent, refuse, reply } from './respond.js';
import { jsonResponse, needsKey, problemResponse, serveRoute } from './route.js';

/** Serves the locks of names that somebody has been asked to pay for. */
export function mountLocks(app: ApiApp, parts: ApiParts): void {
  const status = {
    method: 'get',
    path: '/api/v1/domains/{fqdn}/lock-status',
    operationId: 'lockStatus',
    summary: 'Is a name locked, and what should you do?',
    security: needsKey,
    responses: { 200: jsonResponse('How it stands', lockSchema) },
  } as const;
  serveRoute(app, status, (c) => lockStatus(c, parts));
  const reset = {
    method: 'post',
    path: '/api/v1/domains/{fqdn}/reset-lock',
    operationId: 'resetLock',
    summary: 'Clear a lock of yours, or one that is over; never while a payment is at work',
    security: needsKey,
    responses: {
      200: jsonResponse('Cleared', clearedSchema),
      403: problemResponse('Somebody else’s'),
      404: problemResponse('There is none'),
      409: problemResponse('A payment is at work'),
    },
  } as const;
  serveRoute(app, reset, (c) => resetLock(c, parts));
}

async function lockStatus(c: ApiContext, parts: ApiParts): Promise<Response> {
  const agent = await mustIdentify(c, parts);
  if (isSent(agent)) return agent;
  const fqdn = fqdnOf(c, parts);
  if (isSent(fqdn)) return fqdn;
  const { desk } = parts;
  const { lock, state } = await desk.db.read((sql) => lockStanding(sql, fqdn, desk.now()));
  if (state === 'free')
    return reply(c, { status: 'success', domain: fqdn, locked: false, lock_state: state });
  const mine = lock?.holder === agent.id;
  return reply(c, {
    ...{ status: 'success', domain: fqdn, locked: true, lock_state: state, held_by_you: mine },
    ...(lock === undefined ? {} : { expires_at: isoTime(lock.untilMs) }),
    // Whose it is otherwise is nobody's business.
    ...(mine && lock !== undefined ? { session_id: lock.session, order_id: lock.session } : {}),
    recommended_action: mine ? 'reconcile_same_session' : 'wait',
  });
}

async function resetLock(c: ApiContext, parts: ApiParts): Promise<Response> {
  const agent = await mustIdentify(c, parts);
  if (isSent(agent)) return agent;
  const fqdn = fqdnOf(c, parts);
  if (isSent(fqdn)) return fqdn;
  const { desk } = parts;
  // Looked at and cleared in one transaction: a payment that arrives in between is not robbed.
  const outcome = await desk.db.write(async (sql) => {
    const { lock, state } = await lockStanding(sql, fqdn, desk.now());
    if (state === 'in-flight') return 'in-flight';
    if (lock === undefined) return 'none';
    if (!lockRights[state][lock.holder === agent.id ? 'holder' : 'other'].reset) return 'other';
    await removeLock(sql, fqdn);
    return 'cleared';
  });
  switch (outcome) {
    case 'cleared':
      return reply(c, { status: 'success', message: `Cleared lock for ${fqdn}`, domain: fqdn });
    case 'none':
      return refuse(c, registrarProblem('not-found', 'There is no lock on this name.'));
    case 'other': {
      const detail = 'This lock is somebody else’s; wait until it is over.';
      return refuse(c, registrarProblem('not-the-owner', detail));
    }
    case 'in-flight': {
      const detail =
        'A payment for this name is at work; present its credential again, or wait for its outcome.';
      return refuse(c, registrarProblem('lock-in-flight', detail), ['Retry-After', '5']);
    }
  }
}
