import * as nip04 from 'nostr-tools/nip04';
import * as nip44 from 'nostr-tools/nip44';
import { finalizeEvent, generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { describe, expect, it } from 'vitest';
import { parseConnection } from './connection.js';
import { isFromWallet, openResponse, readAnnouncement, readEvent, sealRequest } from './envelope.js';

const walletSecret = generateSecretKey();
const parsed = parseConnection(
  `nostr+walletconnect://${getPublicKey(walletSecret)}?relay=wss%3A%2F%2Frelay.example&secret=${Buffer.from(generateSecretKey()).toString('hex')}`,
);
if (!parsed.ok) throw new Error(parsed.detail);
const connection = parsed.value;
const nowMs = 1_760_000_000_000;
const request = sealRequest(connection, 'nip44_v2', 'pay_invoice', { invoice: 'ln' }, nowMs, nowMs + 30_000);

/** An answer as the wallet gives it, with changes. */
function answer(
  change: { text?: string; tags?: string[][]; signer?: Uint8Array; kind?: number; nip04?: boolean } = {},
) {
  const text = change.text ?? '{"result_type":"pay_invoice","error":null,"result":{"preimage":"ab"}}';
  const content =
    change.nip04 === true
      ? nip04.encrypt(walletSecret, connection.clientKey, text)
      : nip44.encrypt(text, nip44.getConversationKey(walletSecret, connection.clientKey));
  const tags = change.tags ?? [
    ['p', connection.clientKey],
    ['e', request.event.id],
  ];
  const template = { kind: change.kind ?? 23195, created_at: 1, tags, content };
  // As it arrives: from JSON, without what the library remembers of an event it has signed.
  return JSON.parse(JSON.stringify(finalizeEvent(template, change.signer ?? walletSecret)));
}

const open = (event: unknown) => {
  const read = readEvent(event as Parameters<typeof readEvent>[0]);
  return read === undefined ? undefined : openResponse(read, request, connection);
};

describe('sealRequest', () => {
  it('writes the tags of NIP-47, signs, and hides the content from all but the wallet', () => {
    const { event } = request;
    expect(event.tags).toEqual([
      ['p', connection.walletKey],
      ['expiration', '1760000030'],
      ['encryption', 'nip44_v2'],
    ]);
    expect(event).toMatchObject({ kind: 23194, pubkey: connection.clientKey, created_at: 1_760_000_000 });
    const key = nip44.getConversationKey(walletSecret, connection.clientKey);
    expect(JSON.parse(nip44.decrypt(event.content, key))).toEqual({
      method: 'pay_invoice',
      params: { invoice: 'ln' },
    });
  });

  it('speaks NIP-04 without a tag to a wallet that knows nothing else', () => {
    const { event } = sealRequest(connection, 'nip04', 'get_info', {}, nowMs, nowMs);
    expect(event.tags.some(([name]) => name === 'encryption')).toBe(false);
    expect(JSON.parse(nip04.decrypt(walletSecret, connection.clientKey, event.content))).toEqual({
      method: 'get_info',
      params: {},
    });
  });
});

describe('openResponse', () => {
  it('opens the answer', () => {
    expect(open(answer())).toEqual({ ok: true, result: { preimage: 'ab' } });
  });

  it('opens an error', () => {
    const text =
      '{"result_type":"pay_invoice","error":{"code":"QUOTA_EXCEEDED","message":"no"},"result":null}';
    expect(open(answer({ text }))).toEqual({ ok: false, code: 'QUOTA_EXCEEDED', message: 'no' });
    expect(open(answer({ text: '{"error":{}}' }))).toEqual({ ok: false, code: 'OTHER', message: '' });
  });

  it('takes an answer without a p tag, which NIP-47 only recommends', () => {
    expect(open(answer({ tags: [['e', request.event.id]] }))).toMatchObject({ ok: true });
  });

  it.each([
    ['signed by another', { signer: generateSecretKey() }],
    ['of another kind', { kind: 23196 }],
    ['to another request', { tags: [['e', 'ab'.repeat(32)]] }],
    ['to no request', { tags: [] }],
    [
      'to another client',
      {
        tags: [
          ['e', request.event.id],
          ['p', 'ab'.repeat(32)],
        ],
      },
    ],
    ['encrypted otherwise than asked', { nip04: true }],
    [
      'about another method',
      { text: '{"result_type":"get_balance","error":null,"result":{"preimage":"ab"}}' },
    ],
    ['without a result', { text: '{"result_type":"pay_invoice","error":null,"result":null}' }],
    ['that is no object', { text: '["pay_invoice"]' }],
    ['that is no JSON', { text: 'paid!' }],
  ])('ignores one %s', (_, change) => {
    expect(open(answer(change))).toBeUndefined();
  });

  it('ignores one whose content, author, time, id or signature was changed on the way', () => {
    const genuine = answer();
    const other = answer({ text: '{"result_type":"pay_invoice","error":null,"result":{"preimage":"cd"}}' });
    expect(open({ ...genuine, content: other.content })).toBeUndefined();
    expect(open({ ...genuine, created_at: 2 })).toBeUndefined();
    expect(open({ ...genuine, sig: other.sig })).toBeUndefined();
    expect(open({ ...genuine, id: other.id })).toBeUndefined();
    expect(open({ ...genuine, pubkey: connection.clientKey })).toBeUndefined();
    // Only believed with all of it.
    expect(open(genuine)).toMatchObject({ ok: true });
  });
});

describe('readEvent', () => {
  it.each([
    null,
    [],
    'event',
    {},
    { ...answer(), tags: ['e'] },
    { ...answer(), tags: [[1]] },
    { ...answer(), id: 'AB'.repeat(32) },
    { ...answer(), sig: '' },
    { ...answer(), created_at: '1' },
    { ...answer(), content: {} },
  ])('has no place for %j', (value) => {
    expect(readEvent(value)).toBeUndefined();
  });
});

describe('readAnnouncement', () => {
  const info = (tags: string[][], content: string, signer = walletSecret) =>
    finalizeEvent({ kind: 13194, created_at: 1, tags, content }, signer);

  it('prefers NIP-44, and takes NIP-04 where no tag says otherwise', () => {
    expect(readAnnouncement(info([['encryption', 'nip44_v2 nip04']], 'pay_invoice')).encryption).toBe(
      'nip44_v2',
    );
    expect(readAnnouncement(info([['encryption', 'nip44_v2']], '')).encryption).toBe('nip44_v2');
    expect(readAnnouncement(info([['encryption', 'nip04']], '')).encryption).toBe('nip04');
    expect(readAnnouncement(info([], '')).encryption).toBe('nip04');
  });

  it('reads the methods, apart by spaces or commas', () => {
    expect([...readAnnouncement(info([], 'pay_invoice get_balance,get_info')).methods]).toEqual([
      'pay_invoice',
      'get_balance',
      'get_info',
    ]);
  });

  it("is believed only of the wallet's own", () => {
    expect(isFromWallet(info([], ''), 13194, connection)).toBe(true);
    expect(isFromWallet(info([], '', generateSecretKey()), 13194, connection)).toBe(false);
  });
});
