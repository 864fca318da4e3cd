import { once } from 'node:events';
import { startBitcoinApi } from './server.js';
import { readSettings, usage } from './settings.js';

try {
  const settings = await readSettings(process.argv.slice(2), process.env);
  if (settings === 'help') {
    console.log(usage);
  } else {
    const api = await startBitcoinApi(settings);
    console.log(`Bitcoin API on ${api.url}; its endpoints: ${api.url}/openapi.json`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await api.close();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : 'The API could not start.');
  process.exitCode = 1;
}
