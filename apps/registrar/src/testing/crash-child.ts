// One registrar in a process of its own, to be killed at a point of its work. It is told by lines on its input: `arm <point>`
// and `pay <invoice>`, and says where it listens, and preimages, by lines on its output.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Ledger, openSqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { createTempoSeller, httpRpc } from '@farebox/tempo';
import { createRegistrar } from '../registrar.js';
import { httpRegistry } from '../registry/http-registry.js';
import type { Registry } from '../registry/registry.js';
import type { Database } from '../store/database.js';
import { openSqliteStore } from '../store/sqlite.js';
import { namespaceOf, noLimits, realm, secret } from './rig.js';

const { FOLDER = '', RPC_URL = '', TOKEN = '', RECIPIENT = '', REGISTRY_URL = '' } = process.env;
let armed: string | undefined;
const counted = new Map<string, number>();

/** SIGKILL: no handler, no flush, as if the power had gone. */
function point(name: string): void {
  if (armed === undefined) return;
  const turn = (counted.get(name) ?? 0) + 1;
  counted.set(name, turn);
  if (armed === `${name} ${turn}`) process.kill(process.pid, 'SIGKILL');
}

async function around<T>(name: string, work: () => Promise<T>): Promise<T> {
  point(`before ${name}`);
  const result = await work();
  point(`after ${name}`);
  return result;
}

const inner = openSqliteStore(join(FOLDER, 'registrar.db'));
const db: Database = {
  kind: inner.kind,
  read: (askIt) => inner.read(askIt),
  write: async (change) => {
    const result = await inner.write(async (sql) => {
      const made = await change(sql);
      // All is said and nothing is committed.
      point('before write');
      return made;
    });
    point('after write');
    return result;
  },
  close: () => inner.close(),
};

const books = await openSqliteLedger({ path: join(FOLDER, 'ledger.db') });
const ledger = new Proxy(books, {
  get(target, name) {
    const value: unknown = Reflect.get(target, name);
    if (typeof value !== 'function') return value;
    const verb = value.bind(target) as (...args: unknown[]) => Promise<unknown>; // every method that is watched is asynchronous
    return ['claim', 'settle', 'answered'].includes(String(name))
      ? (...args: unknown[]) => around(String(name), () => verb(...args))
      : verb;
  },
}) as Ledger; // the same object, watched

const http = REGISTRY_URL === '' ? undefined : httpRegistry({ url: REGISTRY_URL });
const registry: Registry | undefined = http && {
  name: http.name,
  carryOut: (order) => around('registry', () => http.carryOut(order)),
};
const node = new PaperNode();
const rpc = httpRpc({ url: RPC_URL });
const registrar = createRegistrar({
  ...{ realm, secrets: [secret], db, ledger, registry, limits: noLimits, termsRequired: false },
  methods: [
    createTempoSeller({ rpc, chainId: 4217, tokens: { [TOKEN]: { recipient: RECIPIENT } } }),
    lightningSeller({ node, network: 'regtest' }),
  ],
  namespaces: [namespaceOf('agent')],
  paying: {
    tempo: { chainId: 4217, tokens: [{ name: 'pathUSD', address: TOKEN, recipient: RECIPIENT }] },
    lightning: true,
    usdMicrosPerGem: 520_000n,
  },
});
const { url } = await registrar.listen('127.0.0.1', 0);
process.stdout.write(`${url}\n`);
const lines = createInterface(process.stdin);
lines.on('line', (line) => {
  const [verb, ...rest] = line.split(' ');
  if (verb === 'arm') {
    counted.clear();
    armed = rest.join(' ');
    process.stdout.write('armed\n');
    return;
  }
  void node
    .payInvoice({ invoice: rest.join(''), maxFeeMsat: 0n, timeoutMs: 1_000 })
    .then((paid) => process.stdout.write(`${paid.status === 'succeeded' ? paid.preimage : paid.status}\n`));
});
// Whoever started us is gone.
lines.on('close', () => process.exit(0));
