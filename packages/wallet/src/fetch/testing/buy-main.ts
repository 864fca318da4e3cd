import { buyOnce } from './buy-once.js';

/** `<runtime> buy-main.js <url>`: buys once and prints what came of it. For Bun and Deno, which have `process` too. */
console.log(JSON.stringify(await buyOnce(process.argv[2] ?? '')));
