import { openSqliteAllowance } from '../sqlite.js';

// Sets an amount aside, says so, and waits to be killed.
const [path = '', name = ''] = process.argv.slice(2);
const allowance = openSqliteAllowance({ path, purse: 'sponsor', amount: 100n, windowMs: 64_000 });
const allowed = await allowance.reserve(name, 60n, 0);
process.stdout.write(`${allowed}\n`);
setInterval(() => {}, 60_000);
