import { createBodyRoom, createGate, type Gate, type GateEvent } from '@farebox/gate';
import type { Ledger } from '@farebox/ledger';
import type { InvoiceNode } from '@farebox/lightning';
import { createClientOf } from './clients.js';
import type { GatewayConfig } from './config/config.js';
import { openNode } from './config/node.js';
import { resolveSecrets } from './config/secrets.js';
import { createActivity } from './exchange/exchange.js';
import { createHandler } from './handler.js';
import { createHealthCheck } from './health.js';
import { startHousekeeping } from './housekeeping.js';
import { openLedger } from './ledger.js';
import { openLightning } from './lightning.js';
import { createLogger, type Logger } from './log.js';
import { createRouteTable } from './route/table.js';
import { createFront, type Listening, listenOn } from './server.js';
import { openTempo } from './tempo.js';
import { HttpUpstream } from './upstream/http-upstream.js';

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
   * Stops accepting, finishes what was paid for, then closes what the gateway opened. After `drainMs` (default
   * {@link drainMsMax}) what is still going on is stopped. Calling it again may only shorten the wait.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
  readonly gate: Gate;
  readonly ledger: Ledger;
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
  const secrets = given.secrets ?? (await ownSecrets(config, logger));
  const ledger = given.ledger ?? (await openLedger(config.ledger));
  const node =
    given.node ?? (config.node === undefined ? undefined : await openNodeOr(config, given, ledger));
  const tempo = config.tempo === undefined ? undefined : await openTempo(config.tempo);
  const lightning = node === undefined ? undefined : await openLightning(config, node, now, logger);
  const methods = [tempo, lightning].flatMap((one) => one?.method ?? []);
  const gate = createGate({
    realm: config.realm,
    secrets,
    methods,
    ledger,
    now,
    challengeLifeMs: config.challengeLifeMs,
    strict402: config.strict402,
    redeliveriesMax: config.redemption.redeliveriesMax,
    attemptsMax: config.redemption.attemptsMax,
    replayWindowMs: config.redemption.replayWindowMs,
    unavailableStatus: config.unavailableStatus,
    ...(config.mintBudget === undefined ? {} : { mintBudget: config.mintBudget }),
    onEvent: (event) => logEvent(logger, event),
  });
  const upstreams = new Map(
    [...config.upstreams.values()].map((one) => [one.name, new HttpUpstream(one)] as const),
  );
  const activity = createActivity();
  const housekeeping = startHousekeeping(ledger, config.redemption, now, logger);
  let draining = false;
  const handle = createHandler({
    gate,
    activity,
    logger,
    table: createRouteTable(config, upstreams),
    clientOf: createClientOf(config.trustedProxies, config.mintBudget !== undefined, logger),
    room: createBodyRoom(),
    answerRoom: createBodyRoom(),
    health: config.healthz ? createHealthCheck(ledger, node, now) : undefined,
    draining: () => draining,
  });
  const server = createFront(
    config.limits.headerBytesMax,
    (request, response) => handle(request, response, false),
    (request, response) => handle(request, response, true),
  );

  async function shutDown(drainMs: number): Promise<void> {
    draining = true;
    const stopped = server.listening
      ? new Promise<void>((resolve) => server.close(() => resolve()))
      : undefined;
    server.closeIdleConnections();
    const deadline = setTimeout(() => activity.stopAll(), drainMs);
    await activity.idle();
    clearTimeout(deadline);
    // Every answer that was owed has left; what is still connected has asked for nothing.
    server.closeAllConnections();
    await stopped;
    await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
    await housekeeping.stop();
    // Nobody can be given what is still in the pool. Before its node is closed.
    await lightning?.close();
    // The ledger last of what holds money: it flushes what the last answers wrote.
    if (given.ledger === undefined) await ledger.close();
    if (given.node === undefined) await node?.close();
    await tempo?.close();
  }

  let closing: Promise<void> | undefined;
  return {
    gate,
    ledger,
    listen: () => listenOn(server, config.listen),
    close(options = {}) {
      // Asked again with less patience: what is still going on is stopped then.
      if (closing !== undefined && options.drainMs !== undefined)
        setTimeout(() => activity.stopAll(), options.drainMs);
      closing ??= shutDown(options.drainMs ?? drainMsMax);
      return closing;
    },
  };
}

async function ownSecrets(config: GatewayConfig, logger: Logger): Promise<readonly string[]> {
  const { values, generatedFile } = await resolveSecrets(config);
  if (generatedFile !== undefined) {
    logger.info({ file: generatedFile }, 'no secret is configured: using the one that is kept in this file');
  }
  return values;
}

/** A gateway that cannot have its node must not leave its ledger open and locked. */
async function openNodeOr(
  config: GatewayConfig,
  given: GatewayDependencies,
  ledger: Ledger,
): Promise<InvoiceNode | undefined> {
  try {
    return config.node === undefined ? undefined : await openNode(config.node);
  } catch (error) {
    if (given.ledger === undefined) await ledger.close();
    throw error;
  }
}

function logEvent(logger: Logger, event: GateEvent): void {
  switch (event.kind) {
    case 'delivered': {
      if (!logger.isLevelEnabled('debug')) return;
      const { paid, ...rest } = event;
      logger.debug({ ...rest, amount: paid.amount.toString(), currency: paid.currency }, 'delivered');
      return;
    }
    case 'unknown':
      logger.warn(event, 'a once upstream was asked and its outcome is not known; the payment stays held');
      return;
    case 'method-unavailable':
    case 'ledger-unavailable':
      logger.error(
        event,
        event.kind === 'ledger-unavailable' ? 'the ledger does not answer' : 'no payment can be taken',
      );
      return;
    default:
      if (logger.isLevelEnabled('debug')) logger.debug(event, event.kind);
  }
}
