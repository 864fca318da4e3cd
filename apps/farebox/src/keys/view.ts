import type { ApiKey, KeyState } from '@farebox/gateway';
import type { Column } from '../ledger/columns.js';
import { isoTime, showTime } from '../ledger/moments.js';
import { printable } from '../ledger/printable.js';
import { type Output, table } from '../output.js';

/** A key as JSON: the same members as in the admin API. Nothing in it opens anything. */
export function viewKey(key: ApiKey, state: KeyState) {
  const time = (ms: number | undefined) => (ms === undefined ? null : isoTime(ms));
  return {
    id: key.id,
    name: key.name,
    shown: key.shown,
    state,
    plan: key.plan,
    scopes: key.scopes,
    created: isoTime(key.createdMs),
    expires: time(key.expiresMs),
    revoked: time(key.revokedMs),
    rotated: time(key.rotatedMs),
    oldUntil: time(key.oldUntilMs),
    lastUsed: time(key.lastUsedMs),
  };
}

/** The columns of a list of keys. */
export const keyColumns: readonly Column[] = [
  { title: 'id', width: 16 },
  { title: 'begins with', width: 13 },
  { title: 'state', width: 7 },
  { title: 'plan', width: 10 },
  { title: 'expires (UTC)', width: 20 },
  { title: 'last used (UTC)', width: 20 },
  { title: 'name', width: 0 },
];

/** A key's cells. */
export function keyCells(key: ApiKey, state: KeyState): readonly string[] {
  const time = (ms: number | undefined) => (ms === undefined ? '-' : showTime(ms));
  return [key.id, key.shown, state, key.plan, time(key.expiresMs), time(key.lastUsedMs), printable(key.name)];
}

/** Tells all about one key. */
export function tellKey(key: ApiKey, state: KeyState, output: Output): void {
  if (output.json) {
    output.object({ ok: true, ...viewKey(key, state) });
    return;
  }
  const time = (ms: number | undefined) => (ms === undefined ? undefined : showTime(ms));
  const rows = table(
    [
      ['name', printable(key.name)],
      ['state', state],
      ['begins with', key.shown],
      ['plan', key.plan],
      ['opens', key.scopes.length === 0 ? 'every route' : key.scopes.join(', ')],
      ['made', showTime(key.createdMs)],
      ['expires', time(key.expiresMs) ?? 'never'],
      ['revoked', time(key.revokedMs)],
      ['rotated', time(key.rotatedMs)],
      ['old one works until', time(key.oldUntilMs)],
      ['last used', time(key.lastUsedMs) ?? 'never'],
    ],
    output.color,
  );
  output.text(`Key ${key.id} ${output.color.dim('(times are UTC)')}\n${rows}`);
}
