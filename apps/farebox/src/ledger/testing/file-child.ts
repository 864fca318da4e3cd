import { AtomicFile } from '../atomic-file.js';

// Begins a file, says so, and then waits to be ended.

const [path = ''] = process.argv.slice(2);
const file = await AtomicFile.begin(path);
await file.write('half of the books');
process.stdout.write('begun\n');
setInterval(() => undefined, 60_000);
