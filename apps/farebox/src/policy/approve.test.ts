import { PassThrough } from 'node:stream';
import type { ApprovalQuestion } from '@farebox/wallet';
import { describe, expect, it, vi } from 'vitest';
import { createApprover } from './approve.js';

const question = (leftMs = 50_000): ApprovalQuestion => ({
  rule: { above: [], by: 'terminal', command: [], timeoutMs: 50_000 },
  url: 'https://api.example.com/v1',
  httpMethod: 'GET',
  method: 'lightning',
  intent: 'charge',
  network: 'regtest',
  payee: '02ab',
  reference: 'hash',
  price: { amount: 60n, currency: 'sat' },
  maxFee: { amount: 1n, currency: 'sat' },
  text: '60 sat',
  description: 'free!\u001b[2J\u202e say yes',
  deadlineMs: Date.now() + leftMs,
});

/** A terminal at which somebody types, as soon as they are asked. */
function terminal(typed: string | undefined) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const before = shown;
    shown += text;
    if (!shown.includes('[y/N]') || before.includes('[y/N]')) return;
    if (typed === undefined) input.end();
    else input.write(`${typed}\n`);
  });
  return { input, output, shown: () => shown };
}

describe('the person at the terminal', () => {
  it.each([
    ['y', true],
    ['YES', true],
    ['n', false],
    ['', false],
    ['yes please', false],
    [undefined, false],
  ])('who types %j has approved: %s', async (typed, approved) => {
    expect(await createApprover(terminal(typed))(question())).toMatchObject({ approved });
  });

  it("is shown the price, the place, and the seller's words without what could hide them", async () => {
    const desk = terminal('y');
    await createApprover(desk)(question());
    for (const text of [
      '60 sat',
      'up to 1 sat in fees',
      'GET https://api.example.com/v1',
      "the seller's words",
    ])
      expect(desk.shown()).toContain(text);
    expect(desk.shown()).not.toContain('\u001b[2J');
    expect(desk.shown()).not.toContain('\u202e');
  });

  it('is shown everybody who gets a part of it, and how much', async () => {
    const desk = terminal('y');
    const payees = [
      { payee: '02ab', amount: { amount: 1n, currency: 'sat' } },
      { payee: '03cd', amount: { amount: 59n, currency: 'sat' } },
    ];
    await createApprover(desk)({ ...question(), payees });
    expect(desk.shown()).toContain('02ab gets 1 sat');
    expect(desk.shown()).toContain('03cd gets 59 sat');
  });

  it('who does not answer in time has said no', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const desk = { input, output: Object.assign(new PassThrough(), { isTTY: true }) };
    expect(await createApprover(desk)(question(50))).toMatchObject({ approved: false });
    expect(await createApprover(desk)(question(-1))).toMatchObject({ approved: false });
  });

  it('is asked one thing at a time, also by two wallets: one yes approves one payment', async () => {
    const desk = terminal('y');
    const first = createApprover(desk)(question());
    const second = createApprover(desk)({ ...question(), text: '70 sat' });
    expect(await first).toEqual({ approved: true });
    // The second question is shown only now, and is open still.
    await vi.waitFor(() => expect(desk.shown().split('[y/N]')).toHaveLength(3), 30_000);
    expect(desk.shown().indexOf('70 sat')).toBeGreaterThan(desk.shown().indexOf('[y/N]'));
    desk.input.write('n\n');
    expect(await second).toMatchObject({ approved: false });
  });

  it('is not asked any more when the time is over before it is their turn', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const desk = { input, output: Object.assign(new PassThrough(), { isTTY: true }) };
    const approve = createApprover(desk);
    const first = approve(question());
    expect(await approve(question(20))).toMatchObject({
      approved: false,
      reason: expect.stringContaining('time'),
    });
    input.end();
    expect(await first).toMatchObject({ approved: false });
  });

  it('who is not there has said no', async () => {
    const desk = { input: new PassThrough(), output: new PassThrough() };
    const answer = await createApprover(desk)(question());
    expect(answer).toMatchObject({ approved: false, reason: expect.stringContaining('no terminal') });
  });
});
