import type { ChannelMonitor, Record as LogRecord } from 'lightningdevkit';
import * as bindings from 'lightningdevkit/bindings.mjs';
import { CommonBase } from 'lightningdevkit/structs/CommonBase.mjs';

// The bindings free what they hand out in a finalizer, which runs late: a channel monitor is cloned whole on
// every update and would pile up at 30 to 150 KB a payment. So two kinds of object are freed by hand. The free
// functions exist at run time but are missing from the published types.

function freeFunction(name: string): (pointer: bigint) => void {
  const free: unknown = Reflect.get(bindings, name);
  if (typeof free !== 'function') throw new Error(`lightningdevkit has no ${name}: is it version 0.1.2-0?`);
  return (pointer) => {
    free(pointer);
  };
}

const freeMonitorPointer = freeFunction('ChannelMonitor_free');
const freeRecordPointer = freeFunction('Record_free');

class Handle extends CommonBase {
  static release(object: CommonBase, free: (pointer: bigint) => void): void {
    const pointer = CommonBase.get_ptr_of(object);
    if (pointer === 0n) return;
    CommonBase.set_null_skip_free(object);
    free(pointer);
  }
}

/** Frees a channel monitor now. The object must not be used again. */
export function freeMonitor(monitor: ChannelMonitor): void {
  Handle.release(monitor, freeMonitorPointer);
}

/** Frees a log record now. */
export function freeLogRecord(record: LogRecord): void {
  Handle.release(record, freeRecordPointer);
}
