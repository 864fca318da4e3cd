import type { ListenAddress } from '../config/listen.js';
import { listenOn } from '../server.js';
import type { Exposition } from './exposition.js';
import { gatewayFamilies, type MetricSources } from './families.js';
import { createWatchListener } from './listener.js';

/** How a gateway is watched. */
export interface Watch {
  /** The metrics; made at the first call. */
  metrics(): Promise<Exposition>;
  /** Starts the listener, where one is configured, and says its origin. Rejects when the address is taken. */
  listen(): Promise<string | undefined>;
  close(): void;
}

/** Makes the watch of a gateway. @param address of its listener; undefined: there is none */
export function createWatch(address: ListenAddress | undefined, sources: MetricSources): Watch {
  let exposition: Promise<Exposition> | undefined;
  const metrics = (): Promise<Exposition> => {
    // Loaded only when somebody asks: a gateway that nobody watches does not need it.
    exposition ??= import('./exposition.js').then(({ createExposition }) =>
      createExposition(gatewayFamilies(sources), sources.meter.stages),
    );
    return exposition;
  };
  const server = address === undefined ? undefined : createWatchListener(metrics, sources.health);
  return {
    metrics,
    async listen() {
      return server && address && (await listenOn(server, address)).url;
    },
    close() {
      server?.close();
      server?.closeAllConnections();
    },
  };
}
