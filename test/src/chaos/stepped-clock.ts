import { readFileSync } from 'node:fs';

// Loaded with `node --import` before the program: its clock is the machine's plus the number of milliseconds in a file,
// which is read again at each SIGUSR2. Timers go on by the machine's own clock, as they do when somebody sets it.

const path = process.env.CLOCK_OFFSET_FILE ?? '';
const machine = Date.now;
let offsetMs = 0;
const read = (): void => {
  offsetMs = Number(readFileSync(path, 'utf8'));
};

const now = (): number => machine() + offsetMs;
Date.now = now;
globalThis.Date = new Proxy(Date, {
  construct: (target, words, self) => Reflect.construct(target, words.length === 0 ? [now()] : words, self),
});
read();
process.on('SIGUSR2', read);
