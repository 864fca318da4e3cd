import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { initializeWasmFromBinary } from 'lightningdevkit';

let loading: Promise<void> | undefined;

/** Loads rust-lightning once per thread. Its banner, which it prints to stdout, is swallowed. */
export function loadLightning(): Promise<void> {
  loading ??= load();
  return loading;
}

async function load(): Promise<void> {
  const path = createRequire(import.meta.url).resolve('lightningdevkit/liblightningjs.wasm');
  const binary = await readFile(path);
  const print = console.log;
  console.log = () => {};
  try {
    await initializeWasmFromBinary(binary);
  } finally {
    console.log = print;
  }
}
