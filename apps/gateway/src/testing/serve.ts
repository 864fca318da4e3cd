import { Command } from 'commander';
import { registerServe } from '../command.js';

// `farebox serve` as a process of its own, for tests of signals: serve.js <configuration>
const program = new Command('farebox');
registerServe(program);
await program.parseAsync(['node', 'farebox', 'serve', '-c', process.argv[2] ?? 'farebox.yaml']);
