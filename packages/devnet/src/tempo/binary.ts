import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The chain could not be started or does not answer. */
export class TempoDevnetError extends Error {
  override readonly name = 'TempoDevnetError';
  readonly code: 'platform_unsupported' | 'start_failed' | 'stopped' | 'rpc_failed';
  constructor(code: TempoDevnetError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const here = createRequire(import.meta.url);

/** Anvil's packages: the program alone, one for each platform, by Node's names. */
const platformPackages: Readonly<Record<string, () => string>> = {
  'linux-x64': () => here.resolve('@foundry-rs/anvil-linux-amd64/package.json'),
  'linux-arm64': () => here.resolve('@foundry-rs/anvil-linux-arm64/package.json'),
  'darwin-x64': () => here.resolve('@foundry-rs/anvil-darwin-amd64/package.json'),
  'darwin-arm64': () => here.resolve('@foundry-rs/anvil-darwin-arm64/package.json'),
  'win32-x64': () => here.resolve('@foundry-rs/anvil-win32-amd64/package.json'),
};

/**
 * Where the chain's program is. It comes inside an npm package of its own for each platform, which npm leaves out
 * silently where it has none.
 *
 * @param platform - Node's `process.platform` and `process.arch`, joined by a hyphen.
 * @throws TempoDevnetError `platform_unsupported`: it was not installed, and what to do about that.
 */
export function findAnvil(platform = `${process.platform}-${process.arch}`): string {
  const resolve = platformPackages[platform];
  if (resolve === undefined) {
    throw new TempoDevnetError(
      'platform_unsupported',
      `The Tempo devnet does not run on ${platform}: there is no anvil for it; use a Tempo node of your own`,
    );
  }
  const program = platform.startsWith('win32') ? 'bin/anvil.exe' : 'bin/anvil';
  try {
    const path = resolve().replace(/package\.json$/, program);
    if (existsSync(path)) return path;
  } catch {
    // Not installed: said below.
  }
  throw new TempoDevnetError(
    'platform_unsupported',
    `The Tempo devnet needs an optional package of @farebox/devnet, anvil for ${platform}, which is not installed; run npm install without --omit=optional`,
  );
}
