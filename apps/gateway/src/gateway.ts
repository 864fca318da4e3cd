import { Server as TcpServer } from 'node:net';
import { createBodyRoom, createSharedRoom, type Gate, type GateEvent } from '@farebox/gate';
import type { Ledger } from '@farebox/ledger';
import type { InvoiceNode } from '@farebox/lightning';
import type { AdminServer } from './admin/serve.js';
import type { GatewayConfig } from './config/config.js';
import { resolveSecrets } from './config/secrets.js';
import { type Activity, createActivity } from './exchange/exchange.js';
import { createHandler } from './handler.js';
import { createHealth, type Health } from './health.js';
import { startHousekeeping } from './housekeeping.js';
import { type AccessDesk, createAccessDesk } from './keys/desk.js';
import type { AccessEvent } from './keys/problems.js';
import { createLogger, type Logger } from './log.js';
import { logAccess, logEvent } from './log-event.js';
import type { Exposition } from './metrics/exposition.js';
import { createMeter, type Meter } from './metrics/meter.js';
import { timedLedger, timedMethod } from './metrics/timed.js';
import { createWatch } from './metrics/watch.js';
import { type Backing, openBacking } from './operate/backing.js';
import { type Ground, makeStanding, readMaterials } from './operate/live.js';
import { createRegime, type NextConfig, type Reloaded } from './operate/reload.js';
import { createFront, type Front, type Listening, listenOn, useTls } from './server.js';

/** How long shutdown waits for what is going on before it stops it. */
export const drainMsMax = 25_000;

/** What a gateway is given instead of making it itself. What is given stays the giver's: `close` leaves it open. */
export interface GatewayDependencies {
  readonly ledger?: Ledger;
  readonly node?: InvoiceNode;
  /** Newest first. */
  readonly secrets?: readonly string[];
  readonly logger?: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A gateway: everything between its socket and its upstreams. */
export interface Gateway {
  /** Starts to listen as configured. Rejects when the address is taken. */
  listen(): Promise<Listening>;
  /**
   * Puts another configuration in force, all of it at once: routes, prices, upstreams, headers, limits, rates, secrets and
   * certificate. What is on its way ends with what it began with, and nobody waits. Says what needs a restart.
   *
   * @param config or what reads it, once reloads before it have ended
   * @throws ReloadError, SecretError, HeaderValueError, TlsError; then nothing has changed
   */
  reload(config: NextConfig): Promise<Reloaded>;
  /**
   * Stops accepting, finishes what was paid for, then closes what the gateway opened. After `drainMs` (default
   * {@link drainMsMax}) what is still going on is stopped. Calling it again may only shorten the wait.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
  /** The gate of the configuration that is in force. */
  readonly gate: Gate;
  /** The configuration that is in force. */
  readonly config: GatewayConfig;
  readonly ledger: Ledger;
  /** Where the admin API is, once the gateway listens and when it has one. */
  readonly adminUrl: string | undefined;
  /** Where the metrics are, once the gateway listens and when it has them. */
  readonly metricsUrl: string | undefined;
  readonly health: Health;
  /** Counts since the start, by route. */
  readonly meter: Meter;
  /** The metrics in the text format of Prometheus; made at the first call. */
  metrics(): Promise<Exposition>;
}

/**
 * Makes a gateway of a configuration.
 *
 * @throws SecretError, NodeConfigError, or what the ledger says when it cannot be opened.
 * @example
 * ```ts
 * import { createGateway, loadConfig } from '@farebox/gateway';
 * const gateway = await createGateway(await loadConfig('farebox.yaml'));
 * const { url } = await gateway.listen();
 * console.log(`selling at ${url}`);
 * ```
 */
export async function createGateway(
  config: GatewayConfig,
  given: GatewayDependencies = {},
): Promise<Gateway> {
  const logger = given.logger ?? createLogger('info');
  const now = given.now ?? Date.now;
  const secretsOf = given.secrets === undefined ? ownSecrets(logger) : givenSecrets(given.secrets);
  const materials = await readMaterials(config, secretsOf);
  const backing = await openBacking(config, given, now, logger);
  const { ledger, lightning } = backing;
  const meter = createMeter(config.metricsListen !== undefined);
  const desk = deskOf(meter, now, logger, given.ledger !== undefined);
  const ground = { ...groundOf(backing, meter, now, logger), desk };
  const standing = await makeStanding(ground, config, materials, undefined).catch(async (error) => {
    await desk.close();
    await backing.close();
    throw error;
  });
  const activity = createActivity();
  let draining = false;
  const health = createHealth({
    ...{ ledger, node: backing.node, now, draining: () => draining },
    upstreams: () => regime.live.upstreams,
  });
  const handle = createHandler({
    ...{ activity, logger, meter, health, draining: () => draining },
    live: () => regime.live,
    room: createSharedRoom(),
    answerRoom: createBodyRoom(),
  });
  const server = createFront({ headerBytesMax: config.limits.headerBytesMax, tls: standing.tls }, handle);
  const regime = createRegime({
    ...{ ground, standing, secretsOf, lightning },
    useTls: (tls) => useTls(server, tls),
  });
  const housekeeping = startHousekeeping(ledger, () => regime.live.config.redemption, now, logger);
  const watch = createWatch(config.metricsListen, {
    ...{ meter, health, activity },
    upstreams: () => regime.live.upstreams,
    pool: () => lightning?.counts(),
    reloads: () => regime.counts,
  });

  let admin: AdminServer | undefined;
  let metricsUrl: string | undefined;
  async function shutDown(drainMs: number): Promise<void> {
    draining = true;
    await stopFront(server, activity, drainMs);
    await regime.close();
    await housekeeping.stop();
    await admin?.close();
    await desk.close();
    await backing.close();
    // Whoever watches sees it drain to its end.
    watch.close();
  }

  return {
    get gate() {
      return regime.live.gate;
    },
    get config() {
      return regime.live.config;
    },
    ledger,
    health,
    meter,
    metrics: watch.metrics,
    reload: (next) => regime.reload(next),
    get adminUrl() {
      return admin?.url;
    },
    get metricsUrl() {
      return metricsUrl;
    },
    async listen() {
      metricsUrl = await watch.listen();
      const inForce = () => regime.live.config;
      const parts = { config: inForce, keys: () => desk.store, health, meter, activity, now, logger };
      admin = await openAdmin(config, parts);
      return listenOn(server, config.listen);
    },
    close: closeOnce(activity, shutDown),
  };
}

function closeOnce(activity: Activity, shutDown: (drainMs: number) => Promise<void>): Gateway['close'] {
  let closing: Promise<void> | undefined;
  return (options = {}) => {
    // Asked again with less patience: what is still going on is stopped then.
    if (closing !== undefined && options.drainMs !== undefined)
      setTimeout(() => activity.stopAll(), options.drainMs);
    closing ??= shutDown(options.drainMs ?? drainMsMax);
    return closing;
  };
}

/** Opens the store of keys when a configuration has keys; counts and logs who comes with one. */
function deskOf(meter: Meter, now: () => number, logger: Logger, ledgerGiven: boolean): AccessDesk {
  const onEvent = (event: AccessEvent): void => {
    meter.countAccess(event);
    logAccess(logger, event);
  };
  return createAccessDesk({ now, logger, onEvent, ledgerGiven });
}

/** Loaded only where it is configured. */
async function openAdmin(
  { admin }: GatewayConfig,
  parts: Parameters<typeof import('./admin/serve.js').serveAdmin>[1],
): Promise<AdminServer | undefined> {
  if (admin === undefined) return undefined;
  const { serveAdmin } = await import('./admin/serve.js');
  return serveAdmin(admin, parts);
}

type SecretsOf = (config: GatewayConfig) => Promise<readonly string[]>;

function givenSecrets(secrets: readonly string[]): SecretsOf {
  return () => Promise.resolve(secrets);
}

/** Says once where the secret is kept that nobody has configured, and not again at each reload. */
function ownSecrets(logger: Logger): SecretsOf {
  let told: string | undefined;
  return async (config) => {
    const { values, generatedFile } = await resolveSecrets(config);
    if (generatedFile !== undefined && generatedFile !== told)
      logger.info(
        { file: generatedFile },
        'no secret is configured: using the one that is kept in this file',
      );
    told = generatedFile;
    return values;
  };
}

/** What every configuration stands on; measured where somebody reads the measures. */
function groundOf(backing: Backing, meter: Meter, now: () => number, logger: Logger): Omit<Ground, 'desk'> {
  const { ledger, methods } = backing;
  const { stages } = meter;
  const onEvent = (event: GateEvent): void => {
    meter.count(event);
    logEvent(logger, event);
  };
  if (stages === undefined) return { ledger, methods, onEvent, now, logger };
  return {
    ledger: timedLedger(ledger, stages),
    methods: methods.map((method) => timedMethod(method, stages, meter.proofsOf(method.method))),
    ...{ onEvent, now, logger },
  };
}

/** Takes nothing new, and waits for what is going on; after `drainMs` it is stopped. */
async function stopFront(server: Front, activity: Activity, drainMs: number): Promise<void> {
  // HTTP's own way of closing takes a connection for idle whose answer was written and has not left, and cuts it off.
  const stopped = server.listening
    ? new Promise<void>((resolve) => TcpServer.prototype.close.call(server, () => resolve()))
    : undefined;
  if (!activity.leaving) server.closeIdleConnections();
  const deadline = setTimeout(() => activity.stopAll(), drainMs);
  await activity.idle();
  clearTimeout(deadline);
  // Every answer that was owed has left; what is still connected has asked for nothing.
  server.closeAllConnections();
  server.close();
  await stopped;
}
