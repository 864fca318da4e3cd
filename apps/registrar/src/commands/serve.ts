import { destination, pino } from 'pino';
import { loadRegistrarConfig } from '../config/load.js';
import { openRegistrar } from '../open.js';
import { complain, print } from './report.js';

/** What must never be in the log, should it ever get so far. */
const redacted = ['authorization', 'x-api-key', 'api_key', 'secret', 'preimage', 'claim_code'];

/** Runs the registrar until it is interrupted. */
export async function serveRegistrar(path: string, level: string): Promise<number> {
  try {
    const config = await loadRegistrarConfig(path);
    const paths = redacted.flatMap((name) => [`["${name}"]`, `*["${name}"]`]);
    const logger = pino({ name: 'farebox-registrar', level, redact: paths }, destination(2));
    const opened = await openRegistrar(config, logger);
    try {
      const { url, dns } = await opened.listen();
      // Before it says that it sells: whoever has read that may stop it, and it ends in order.
      const stopped = interrupted();
      const names = config.namespaces.map(({ name }) => `.${name}`).join(' ');
      print(
        `Selling ${names} for ${config.input.realm} at ${url}${dns === undefined ? '' : `, DNS at ${dns}`}`,
      );
      await stopped;
      print('Stopping: finishing what was paid for.');
    } finally {
      await opened.close();
    }
    return 0;
  } catch (error) {
    return complain(error);
  }
}

/** Resolves at the next SIGINT or SIGTERM. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      process.off('SIGINT', wake).off('SIGTERM', wake);
      resolve();
    };
    process.on('SIGINT', wake).on('SIGTERM', wake);
  });
}
