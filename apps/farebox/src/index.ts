export { exitCodes } from './exit-codes.js';
export { findHome, type Home } from './home.js';
export { main } from './main.js';
