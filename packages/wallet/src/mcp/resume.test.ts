import { expect, it } from 'vitest';
import { honest } from '../testing/seller.js';
import { failureIn, openMcpStand } from './testing/mcp-stand.js';

it('resume leaves the payments of other origins alone than those that the server was started for', async () => {
  const origins: string[] = [];
  const stand = await openMcpStand({ origins });
  try {
    const { seller, purse } = stand;
    let broken = true;
    seller.behave((turn) =>
      turn.seen.credential && broken ? void turn.response.writeHead(503).end() : honest(turn),
    );
    origins.push(seller.url);
    const failed = failureIn(await stand.call('pay', { url: seller.url, headers: { 'X-API-Key': 'k1' } }));
    broken = false;
    origins.splice(0, 1, 'https://api.example.com');
    const before = seller.seen.length;
    const headers = { 'X-API-Key': 'k1' };
    const byId = failureIn(await stand.call('resume', { id: failed.id, headers }));
    // It was paid, and no refusal of this call may sound as if it had not been.
    expect(byId).toMatchObject({ code: 'origin_not_allowed', outcome: 'unknown', paid: null });
    expect(byId.next).toContain('do not pay for it again');
    const all = await stand.call('resume', { headers });
    expect(all.structuredContent).toEqual({ ok: true, payments: [] });
    expect([seller.seen.length, purse.journal.unfinished().length]).toEqual([before, 1]);
    origins.splice(0, 1, seller.url);
    expect((await stand.call('resume', { headers })).structuredContent).toMatchObject({
      payments: [{ id: failed.id, status: 200 }],
    });
  } finally {
    await stand.close();
  }
});
