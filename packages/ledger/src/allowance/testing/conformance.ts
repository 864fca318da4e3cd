import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Allowance, AllowanceTerms } from '../allowance.js';

/** Opens another allowance in the same store. */
export type OpenAllowance = (terms: AllowanceTerms) => Promise<Allowance>;

const terms: AllowanceTerms = { purse: 'sponsor', amount: 100n, windowMs: 64_000 };

/** What every store of allowances must do. `open` is asked anew for each test, and its store is empty then. */
export function allowanceConforms(fresh: () => OpenAllowance): void {
  it('counts what is set aside in full until it is known what it cost', async () => {
    const allowance = await fresh()(terms);
    expect(await allowance.reserve('a', 60n, 0)).toBe(true);
    expect(await allowance.reserve('a', 60n, 1)).toBe(true);
    expect(await allowance.reserve('b', 60n, 0)).toBe(false);
    expect(await allowance.remaining(0)).toBe(40n);
    await allowance.conclude('a', 5n, 0);
    expect(await allowance.remaining(0)).toBe(95n);
    expect(await allowance.reserve('b', 60n, 0)).toBe(true);
    await allowance.conclude('b', 0n, 0);
    expect(await allowance.remaining(0)).toBe(95n);
    await allowance.close();
  });

  it('is there again after a restart, as it was left', async () => {
    const open = fresh();
    const before = await open(terms);
    await before.reserve('a', 30n, 1_000);
    await before.reserve('b', 30n, 1_000);
    await before.conclude('b', 7n, 1_000);
    await before.close();
    const after = await open(terms);
    expect(await after.remaining(1_000)).toBe(63n);
    // The window is over: what was set aside and never concluded counts no more.
    expect(await after.remaining(1_000 + 2 * terms.windowMs)).toBe(100n);
    await after.close();
  });

  it('is shared by all who open it, and by no other purse', async () => {
    const open = fresh();
    const gateways = await Promise.all([open(terms), open(terms), open(terms)]);
    const tries = gateways.flatMap((gateway, at) =>
      Array.from({ length: 10 }, (_, n) => gateway.reserve(`${at}-${n}`, 7n, 0)),
    );
    const allowed = (await Promise.all(tries)).filter(Boolean).length;
    expect(allowed).toBe(14);
    for (const gateway of gateways) expect(await gateway.remaining(0)).toBe(2n);
    const other = await open({ ...terms, purse: 'another' });
    expect(await other.remaining(0)).toBe(100n);
    await Promise.all([...gateways, other].map((one) => one.close()));
  });

  it('holds amounts beyond 64 bits', async () => {
    const huge = 2n ** 70n;
    const allowance = await fresh()({ ...terms, amount: 3n * huge });
    expect(await allowance.reserve('a', huge, 0)).toBe(true);
    await allowance.conclude('a', huge, 0);
    expect(await allowance.reserve('b', 2n * huge, 0)).toBe(true);
    expect(await allowance.reserve('c', 1n, 0)).toBe(false);
    await allowance.close();
  });

  it('never lets more than the amount be spent within any window', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 20, maxLength: 40 }),
        async (steps) => {
          const allowance = await fresh()({ ...terms, purse: `window ${run++}` });
          const spent: { readonly atMs: number; readonly cost: bigint }[] = [];
          let atMs = 0;
          for (const [at, stepMs] of steps.entries()) {
            atMs += stepMs;
            if (!(await allowance.reserve(String(at), 30n, atMs))) continue;
            const cost = BigInt(stepMs % 31);
            await allowance.conclude(String(at), cost, atMs);
            spent.push({ atMs, cost });
          }
          for (const { atMs: fromMs } of spent) {
            const within = spent.filter((one) => one.atMs >= fromMs && one.atMs < fromMs + terms.windowMs);
            expect(within.reduce((sum, { cost }) => sum + cost, 0n) <= terms.amount).toBe(true);
          }
          await allowance.close();
        },
      ),
      { numRuns: 5 },
    );
  });
}
