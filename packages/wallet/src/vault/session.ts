import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isJsonObject, parseJsonObject } from '@farebox/protocol';
import { preparePrivateFolder, readPrivateFile, writePrivateFile } from './private-file.js';
import { VaultError } from './vault-error.js';

/** Longest time that a vault stays unlocked. */
export const sessionLifeMsMax = 12 * 3_600_000;
/** How far a clock may be set back without ending a session: it is corrected by a little now and then. */
const clockBackMsMax = 60_000;
const sessionBytesMax = 4_096;

/**
 * A session: the key of one version of the vault's file, until a time. It cannot write the vault, is worth nothing without
 * the file, and ends with the next change of the vault.
 */
export interface Session {
  readonly fileKey: Uint8Array;
  /** When it began, milliseconds since the epoch. */
  readonly fromMs: number;
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
}

/**
 * The name of a vault's session within a folder: of the vault's path, so that each has its own.
 */
export function sessionName(vaultPath: string): string {
  return `${createHash('sha256').update(vaultPath).digest('hex').slice(0, 16)}.session`;
}

/** Writes a session, mode 0600, in a folder of mode 0700. Throws {@link VaultError}. */
export async function writeSession(path: string, vaultFile: Uint8Array, session: Session): Promise<void> {
  await preparePrivateFolder(dirname(path));
  const text = JSON.stringify({
    version: 2,
    vault: fingerprint(vaultFile),
    fileKey: Buffer.from(session.fileKey).toString('hex'),
    fromMs: session.fromMs,
    untilMs: session.untilMs,
  });
  await writePrivateFile(path, Buffer.from(text), { replace: true });
}

/**
 * The session of this very version of a vault; undefined when there is none, or it has ended, or the vault has changed
 * since: the passphrase is needed then. One that has ended is removed. Throws {@link VaultError} when others may read it.
 */
export async function readSession(
  path: string,
  vaultFile: Uint8Array,
  nowMs: number,
): Promise<Session | undefined> {
  const bytes = await readPrivateFile(path, sessionBytesMax);
  if (bytes === undefined) return undefined;
  const session = parseSession(bytes, vaultFile);
  if (session && isCurrent(session, nowMs)) return session;
  await removeSession(path);
  return undefined;
}

/** Before its beginning the clock has been set back: a session that went on then would last longer than was said. */
function isCurrent({ fromMs, untilMs }: Session, nowMs: number): boolean {
  return nowMs >= fromMs - clockBackMsMax && nowMs < untilMs && untilMs - fromMs <= sessionLifeMsMax;
}

/** Removes a session; false when there was none. */
export async function removeSession(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw new VaultError('vault_unavailable', `${path} cannot be removed; remove it by hand.`, { cause });
  }
}

function parseSession(bytes: Uint8Array, vaultFile: Uint8Array): Session | undefined {
  const value = parseJsonObject(Buffer.from(bytes).toString('utf8'));
  if (!isJsonObject(value) || value.version !== 2 || value.vault !== fingerprint(vaultFile)) return undefined;
  const { fileKey, fromMs, untilMs } = value;
  if (typeof fileKey !== 'string' || !/^[0-9a-f]{32}$/.test(fileKey)) return undefined;
  if (!isMoment(fromMs) || !isMoment(untilMs)) return undefined;
  return { fileKey: Uint8Array.from(Buffer.from(fileKey, 'hex')), fromMs, untilMs };
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function fingerprint(vaultFile: Uint8Array): string {
  return createHash('sha256').update(vaultFile).digest('hex');
}
