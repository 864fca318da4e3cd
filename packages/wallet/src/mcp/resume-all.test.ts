import { expect, it } from 'vitest';
import { hashOf, honest, receiptOf } from '../testing/seller.js';
import { openMcpStand } from './testing/mcp-stand.js';

it('resume gives the answers before and behind one that breaks off', async () => {
  const stand = await openMcpStand();
  try {
    let broken = true;
    stand.seller.behave((turn) => {
      const { seen, response } = turn;
      if (seen.credential === undefined) return honest(turn);
      if (broken) return void response.writeHead(503).end();
      if (!seen.url.endsWith('/cut')) return honest(turn);
      const receipt = receiptOf(seen.credential, hashOf(seen.credential));
      response.writeHead(200, { 'payment-receipt': receipt, 'content-length': 10 });
      return void response.write('{"ra', () => response.destroy());
    });
    for (const path of ['/a', '/cut', '/b']) {
      expect((await stand.call('pay', { url: stand.seller.url + path })).isError).toBe(true);
    }
    const [first, cut, last] = stand.purse.journal.unfinished().map(({ id }) => id);
    broken = false;
    const { structuredContent } = await stand.call('resume');
    expect(structuredContent).toMatchObject({
      ok: false,
      payments: [
        { id: first, ok: true, untrusted: { body: '{"rate":1}' } },
        { id: cut, ok: false, code: 'answer_unknown', retry: 'resume' },
        { id: last, ok: true, untrusted: { body: '{"rate":1}' } },
      ],
    });
    expect(stand.purse.node.paid).toHaveLength(3);
  } finally {
    await stand.close();
  }
});
