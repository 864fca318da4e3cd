export * from './amount.js';
export * from './challenge.js';
export * from './credential.js';
export * from './json.js';
export * from './method.js';
export * from './problem.js';
export * from './receipt.js';
