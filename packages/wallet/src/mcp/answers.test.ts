import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashOf, honest, receiptOf } from '../testing/seller.js';
import { resultBodyCharsMax } from './limits.js';
import { failureIn, type McpStand, openMcpStand } from './testing/mcp-stand.js';

let stand: McpStand;

beforeEach(async () => {
  stand = await openMcpStand();
});
afterEach(() => stand.close());

describe('answers', () => {
  it('that are too long for a result are kept whole, for the owner alone', async () => {
    const body = `${'x'.repeat(resultBodyCharsMax)}the end`;
    stand.seller.behave(async (turn) => {
      if (turn.seen.credential === undefined) return honest(turn);
      const receipt = receiptOf(turn.seen.credential, hashOf(turn.seen.credential));
      turn.response.writeHead(200, { 'payment-receipt': receipt }).end(body);
    });
    const { structuredContent } = await stand.call('pay', { url: stand.seller.url });
    expect(structuredContent).toMatchObject({ body_truncated: true, body_bytes: body.length });
    const file = String(structuredContent?.body_file);
    expect(readFileSync(file, 'utf8')).toBe(body);
    expect([statSync(file).mode & 0o777, statSync(stand.folder).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('that are no text come as base64', async () => {
    stand.seller.behave(({ response }) => void response.end(Buffer.from([0xff, 0xfe, 0x00])));
    const { structuredContent } = await stand.call('preview', { url: stand.seller.url });
    expect(structuredContent).toMatchObject({ body_encoding: 'base64', untrusted: { body: '//4A' } });
  });

  it('that cannot be kept stay resumable, by the id that the failure names', async () => {
    // A file stands where the folder should be.
    writeFileSync(stand.folder, '');
    const failure = failureIn(await stand.call('pay', { url: stand.seller.url }));
    const [entry] = stand.purse.journal.list();
    expect(failure).toMatchObject({ paid: true, retry: 'resume', id: entry?.id });
    expect(entry?.state).toBe('answer-unknown');
    rmSync(stand.folder);
    const resumed = await stand.call('resume', { id: entry?.id });
    expect(resumed.structuredContent).toMatchObject({
      ok: true,
      payments: [{ id: entry?.id, untrusted: { body: '{"rate":1}' } }],
    });
    expect(stand.purse.node.paid).toHaveLength(1);
  });
});
