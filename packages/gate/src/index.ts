export type { Admission } from './admit.js';
export { type Answer, retryAfterSeconds, type UpstreamFailure, upstreamFailure } from './answer.js';
export { challengeLifeMsDefault, type GateOptions, redeliveriesMaxDefault } from './context.js';
export type { Commit, Delivery } from './delivery.js';
export type { GateEvent, RefusalReason } from './events.js';
export { createGate, type Gate } from './gate.js';
export {
  bodyBytesMaxDefault,
  hasBody,
  type ProtectOptions,
  readBody,
  readRequest,
  sendAnswer,
} from './protect.js';
export { readTarget, type Target, targetCharsMax } from './target.js';
export { defaultEffect, type Effect, type GateRequest, type Terms } from './terms.js';
