import { loadRegistrarConfig, RegistrarConfigError } from '../config/load.js';
import { storePlace } from '../config/places.js';
import { documentSettings } from '../open.js';
import { openStore } from '../store/open.js';
import { storeDirectory } from '../store-directory.js';
import { exportZone } from '../zone/master-file.js';
import { complain, exitCodes } from './report.js';

/** Prints a namespace's zone. */
export async function zoneCommand(path: string, namespace: string): Promise<number> {
  try {
    const config = await loadRegistrarConfig(path);
    const namespaces = new Map(config.namespaces.map((each) => [each.name, each]));
    if (!namespaces.has(namespace)) throw new RegistrarConfigError(`${path} has no namespace of that name.`);
    const db = await openStore(await storePlace(config));
    try {
      const directory = storeDirectory({ db, namespaces, currency: 'USD', lightning: false, now: Date.now });
      for await (const text of exportZone(directory, namespace, documentSettings(config, undefined)))
        process.stdout.write(text);
      return exitCodes.done;
    } finally {
      await db.close();
    }
  } catch (error) {
    return complain(error);
  }
}
