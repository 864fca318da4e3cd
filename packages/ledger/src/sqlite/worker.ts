import { parentPort, workerData } from 'node:worker_threads';
import { LedgerOpenError } from '../errors.js';
import { faultOf, type Reply, type Request, type WorkerOptions } from './messages.js';
import { Unpacker } from './packing.js';
import { Store } from './store.js';

// The ledger's thread: the disk is waited for here, so that the caller's event loop never does.

const port = parentPort;
if (port === null) throw new Error('worker.js is started by openSqliteLedger() only');
const reply = (message: Reply): void => port.postMessage(message);
const options: WorkerOptions = workerData;

function open(): Store | undefined {
  try {
    const store = new Store(options);
    reply({ did: 'open' });
    return store;
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const code = error instanceof LedgerOpenError ? error.code : 'ledger_unopenable';
    const message = error instanceof Error ? error.message : String(error);
    reply({ did: 'not-open', code, message, cause: faultOf(cause) });
    return undefined;
  }
}

const store = open();
const unpacker = new Unpacker();
if (store === undefined) port.close();
else {
  port.on('message', (request: Request) => {
    if (request.do === 'close') {
      store.close();
      reply({ did: 'closed' });
      port.close();
      return;
    }
    try {
      store.learn(request.kinds);
      const { outcomes, committed } = store.apply(unpacker.unpack(request.packed));
      reply({ did: 'batch', outcomes, committed });
    } catch (error) {
      reply({ did: 'fail', fault: faultOf(error) });
    }
  });
}
