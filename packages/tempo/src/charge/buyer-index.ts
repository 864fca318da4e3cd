export { type TempoBuyer, type TempoBuyerOptions, tempoBuyer } from './buyer.js';
export { type TempoInspectorOptions, tempoInspector } from './buyer-inspector.js';
export type { Payee, TempoInspection } from './inspect.js';
