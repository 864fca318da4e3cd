import { runBench } from './bench.js';
import { help, readCommandLine } from './command-line.js';
import { formatReport } from './table.js';

// `npm run bench`.

async function main(): Promise<number> {
  const wish = readCommandLine(process.argv.slice(2));
  switch (wish.kind) {
    case 'help':
      console.log(help);
      return 0;
    case 'misuse':
      console.error(`${wish.detail}\n\n${help}`);
      return 2;
    case 'run': {
      const report = await runBench(wish.plan, (line) => console.error(line));
      console.log(wish.json ? JSON.stringify(report) : `\n${formatReport(report)}`);
      return 0;
    }
  }
}

// So that what was begun on the disk is removed and the children end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
    process.exitCode = 1;
  },
);
