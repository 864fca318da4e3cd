import { loadRegistrarConfig, RegistrarConfigError } from '../config/load.js';
import { storePlace } from '../config/places.js';
import { newId } from '../identity/secrets.js';
import { decimalUsd, readUsd } from '../names/price.js';
import { findAgent } from '../store/agents.js';
import { balanceAccount, balanceOf, book, usdMicrosCurrency } from '../store/entries.js';
import { openStore } from '../store/open.js';
import { complain, print } from './report.js';

/** Puts dollars on an agent's balance, with its entries. */
export async function creditCommand(path: string, agent: string, usd: string): Promise<number> {
  try {
    const micros = readUsd(usd);
    if (micros === undefined || micros === 0n)
      throw new RegistrarConfigError(
        'The amount is dollars with at most six digits after the point, like 5.20.',
      );
    const db = await openStore(await storePlace(await loadRegistrarConfig(path)));
    try {
      const balance = await db.write(async (sql) => {
        if ((await findAgent(sql, agent)) === undefined)
          throw new RegistrarConfigError('There is no such agent; its id is like agt_0123456789abcdef0123.');
        const lines = [
          { account: 'gift', currency: usdMicrosCurrency, amount: -micros },
          { account: balanceAccount(agent), currency: usdMicrosCurrency, amount: micros },
        ];
        await book(sql, newId('chk'), lines, Date.now());
        return balanceOf(sql, agent);
      });
      return print(`${agent} has ${decimalUsd(balance)} USD now.`);
    } finally {
      await db.close();
    }
  } catch (error) {
    return complain(error);
  }
}
