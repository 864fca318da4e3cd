export { type TempoDevnetAccount, tempoDevnetAccounts, tempoDevnetTokens } from './accounts.js';
export { findAnvil, TempoDevnetError } from './binary.js';
export { startTempoDevnet, type TempoDevnet, type TempoDevnetOptions } from './tempo-devnet.js';
