import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { durationMs, hostAndPort, type RegistrarConfig } from './config/load.js';
import { openMethods } from './config/methods.js';
import { firstLine, openConfiguredLedger, storePlace } from './config/places.js';
import { registrarSecrets } from './config/secrets.js';
import type { DocumentSettings } from './documents/settings.js';
import { keyPrefixDefault } from './identity/secrets.js';
import { createRegistrar, limitsDefault, type Registrar } from './registrar.js';
import { httpRegistry } from './registry/http-registry.js';
import { builtInRegistry, type Registry } from './registry/registry.js';
import { locksPerClientDefault, locksPerHolderDefault } from './sell/plan.js';
import { openStore } from './store/open.js';

/** A registrar with everything that it stands on. */
export interface OpenedRegistrar {
  readonly registrar: Registrar;
  /** Starts to listen, for the API and for DNS where that is configured. */
  listen(): Promise<{ readonly url: string; readonly dns: string | undefined }>;
  close(): Promise<void>;
}

/**
 * Opens a registrar as configured: store, ledger, ways of being paid, registry.
 *
 * @throws RegistrarConfigError, StoreError, LedgerOpenError; what was opened is closed again
 */
export async function openRegistrar(config: RegistrarConfig, logger: Logger): Promise<OpenedRegistrar> {
  /** In the order of their opening. */
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
  };
  try {
    const secrets = await registrarSecrets(config);
    const db = await openStore(await storePlace(config));
    opened.push(() => db.close());
    const ledger = await openConfiguredLedger(config);
    opened.push(() => ledger.close());
    const { methods, paying, close } = await openMethods(config);
    opened.push(close);
    const { input, namespaces, coupons, lockLifeMs } = config;
    const { limits } = input;
    const perHour = limits.agents_per_hour;
    const documents = documentSettings(config, paying.tempo?.chainId);
    const registrar = createRegistrar({
      ...{
        realm: input.realm,
        secrets,
        db,
        ledger,
        methods,
        paying,
        namespaces,
        coupons,
        lockLifeMs,
        documents,
      },
      registry: await registryOf(config),
      caps: {
        perHolder: limits.locks_per_identity ?? locksPerHolderDefault,
        perClient: limits.locks_per_address ?? locksPerClientDefault,
      },
      limits: {
        ...limitsDefault,
        ...(perHour === undefined
          ? {}
          : {
              provision: {
                ...limitsDefault.provision,
                client: { perSecond: perHour / 3_600, burst: perHour },
              },
            }),
      },
      keyPrefix: input.key_prefix,
      termsRequired: input.terms === 'strict',
      trustedProxies: input.trusted_proxies,
      webhooksLocal: input.webhooks_local,
      onEvent: (event) => logger.debug(event, event.kind),
      onFault: (what, error) => logger.error({ err: error }, what),
    });
    opened.push(() => registrar.close());
    return {
      registrar,
      listen: () => listenAll(config, registrar, documents, opened, logger),
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function listenAll(
  { host, port, input }: RegistrarConfig,
  registrar: Registrar,
  settings: DocumentSettings,
  opened: (() => Promise<void>)[],
  logger: Logger,
) {
  let dns: string | undefined;
  if (input.dns !== undefined) {
    const { startDnsServer } = await import('./dns/server.js');
    const at = hostAndPort(input.dns.listen);
    const onError = (error: unknown) => logger.error({ err: error }, 'a DNS question could not be answered');
    const server = await startDnsServer({ ...at, directory: registrar.directory, settings, onError });
    opened.push(() => server.close());
    dns = `${server.host}:${server.port}`;
  }
  const { url } = await registrar.listen(host, port);
  return { url, dns };
}

/** What documents, pages and zones say, as configured. */
export function documentSettings(
  config: RegistrarConfig,
  tempoChainId: number | undefined,
): DocumentSettings {
  const { input, lockLifeMs } = config;
  const { dns } = input;
  return {
    origin: input.realm.replace(/\/$/, ''),
    title: input.title,
    keyPrefix: input.key_prefix ?? keyPrefixDefault,
    payment: {
      ...(tempoChainId === undefined ? {} : { tempoChainId }),
      lightning: input.lightning !== undefined,
      balance: true,
    },
    termsRequired: input.terms === 'strict',
    ...(input.terms_url === undefined ? {} : { termsUrl: input.terms_url }),
    lockLifeMs,
    ...(dns === undefined
      ? {}
      : {
          pointerForm: dns.pointers,
          graceAnswers: dns.grace_answers,
          addresses: new Map(Object.entries(dns.addresses)),
        }),
  };
}

/** The registry that is configured. @throws RegistrarConfigError */
export async function registryOf({ input, directory }: RegistrarConfig): Promise<Registry> {
  const { registry } = input;
  if (registry.kind === 'built-in') return builtInRegistry;
  const token =
    registry.token_file === undefined ? undefined : await firstLine(resolve(directory, registry.token_file));
  const timeoutMs = registry.timeout === undefined ? undefined : durationMs(registry.timeout);
  return httpRegistry({ url: registry.url, token, timeoutMs });
}
