export {
  type Answer,
  problemAnswer,
  retryAfterSeconds,
  sendAnswer,
  type UpstreamFailure,
  unknownOutcome,
  upstreamFailure,
  upstreamProblemKinds,
} from './answer.js';
export { type BodyRead, bodyBytesMaxDefault, hasBody, readBody } from './body.js';
export {
  type BodyOwner,
  type BodyRoom,
  createBodyRoom,
  createSharedRoom,
  heldBodyBytesMax,
  type OwnRoom,
  type SharedRoom,
} from './body-room.js';
export { ByteGatherer } from './byte-gatherer.js';
export { isCachingField } from './caching-fields.js';
export { claimTimeoutMsDefault } from './claimer.js';
export {
  attemptsMaxDefault,
  challengeLifeMsDefault,
  type GateOptions,
  redeliveriesMaxDefault,
  replayWindowMsDefault,
} from './context.js';
export type { Admission, Decision, Yielded } from './decision.js';
export type { Commit, Delivery } from './delivery.js';
export { endWhole } from './end-whole.js';
export type { GateEvent, RefusalReason, YieldReason } from './events.js';
export { createGate, type Gate } from './gate.js';
export { answerToKeep, isStream } from './kept-answer.js';
export { liveChallengesMax, remainingLifeMsMin } from './live-challenges.js';
export {
  budgetClientsMaxDefault,
  createMintBudget,
  type Grant,
  type MintBudget,
  type MintBudgetOptions,
  type Rate,
} from './mint-budget.js';
export type { ProtectOptions } from './protect.js';
export { watchQueued } from './queued-response.js';
export { sendReplay } from './replay.js';
export { readTarget, type Target, targetCharsMax } from './target.js';
export {
  defaultEffect,
  type Effect,
  type GateRequest,
  type PricedRequest,
  type Terms,
  Unpriced,
} from './terms.js';
export { paidLateDetail, settledLateMsMax } from './verify.js';
