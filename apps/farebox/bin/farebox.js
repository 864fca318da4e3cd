#!/usr/bin/env node
import module from 'node:module';

// Node 22 and later keep the compiled code: the second start is faster.
module.enableCompileCache?.();
const { main } = await import('../dist/main.js');
await main(process.argv);
