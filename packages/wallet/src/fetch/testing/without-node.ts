/**
 * As `buy-main`, in a process where our own modules do not find the globals that only Node has, as on a page. Node's own
 * fetch goes on finding them.
 */
const { argv, stdout } = process;
const { buyOnce } = await import('./buy-once.js');

for (const name of ['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate']) {
  const value: unknown = Reflect.get(globalThis, name);
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      // Line 0 is the message, line 1 is this getter, line 2 is who asks.
      const asker = new Error('who asks').stack?.split('\n')[2] ?? '';
      if (asker.includes('/packages/')) throw new Error(`${name} is not there: ${asker}`);
      return value;
    },
  });
}

/** The guard itself works: this very module does not find it either. */
function isGuarded(): boolean {
  try {
    return globalThis.process === undefined;
  } catch {
    return true;
  }
}

stdout.write(JSON.stringify({ ...(await buyOnce(argv[2] ?? '')), guarded: isGuarded() }));
