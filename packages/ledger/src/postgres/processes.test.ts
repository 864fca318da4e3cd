import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import { Schemas, titled } from './testing/schemas.js';

const script = fileURLToPath(new URL('./testing/gateway-child.js', import.meta.url));

type Pair = readonly [challenge: string, payment: string];

describe.skipIf(postgresMissing !== undefined)(
  titled('three processes, one PostgreSQL', postgresMissing),
  () => {
    let schemas: Schemas;
    let schema: string;
    let gateways: ChildProcess[];
    beforeAll(async () => {
      schemas = await Schemas.on();
    });
    afterAll(() => schemas.dispose());
    beforeEach(async () => {
      schema = schemas.name();
      // All at once, on an empty database: one of them makes the schema, the others wait for it.
      gateways = Array.from({ length: 3 }, () => fork(script, [schemas.server.url, schema]));
      const opened = await Promise.all(gateways.map((gateway) => once(gateway, 'message')));
      expect(opened.map(([said]) => said)).toEqual(['open', 'open', 'open']);
    });
    afterEach(async () => {
      const ended = gateways.map((gateway) => once(gateway, 'exit'));
      for (const gateway of gateways) gateway.disconnect();
      expect(await Promise.all(ended)).toEqual([
        [0, null],
        [0, null],
        [0, null],
      ]);
    });

    // One list for each gateway, all sent before any is answered.
    async function attack(lists: readonly (readonly Pair[])[]): Promise<string[][]> {
      const answers = gateways.map((gateway) => once(gateway, 'message'));
      gateways.forEach((gateway, at) => {
        gateway.send([...(lists[at] ?? [])]);
      });
      return (await Promise.all(answers)).map(([said]) => Array.from(said, String));
    }

    async function stored(): Promise<unknown[][]> {
      return await schemas.server.sql(
        `SELECT count(*)::int, count(DISTINCT challenge)::int, count(DISTINCT reference)::int FROM "${schema}".claim`,
      );
    }

    it('one credential, 1,000 concurrent delivers: exactly one ok', async () => {
      for (let round = 0; round < 5; round++) {
        const lists = [334, 333, 333].map((length) =>
          Array.from({ length }, (): Pair => [`one ${round}`, `one ${round}`]),
        );
        const said = (await attack(lists)).flat();
        expect(said).toHaveLength(1000);
        expect(said.filter((each) => each === 'ok')).toHaveLength(1);
        expect(said.filter((each) => each === 'taken by challenge')).toHaveLength(999);
      }
      expect(await stored()).toEqual([[5, 5, 5]]);
    });

    it('1,000 credentials, each at all three at once, in another order at each: one ok for each', async () => {
      const pairs = Array.from({ length: 1000 }, (_, n): Pair => [`many ${n}`, `many ${n}`]);
      const lists = [pairs, [...pairs].reverse(), [...pairs.slice(500), ...pairs.slice(0, 500)]];
      const said = await attack(lists);
      const wins = new Map<string, number>();
      said.forEach((answers, gateway) => {
        answers.forEach((answer, at) => {
          expect(['ok', 'taken by challenge']).toContain(answer);
          const [challenge = ''] = lists[gateway]?.[at] ?? [];
          if (answer === 'ok') wins.set(challenge, (wins.get(challenge) ?? 0) + 1);
        });
      });
      expect([...wins.values()]).toEqual(pairs.map(() => 1));
      expect(await stored()).toEqual([[1000, 1000, 1000]]);
    });

    it('two challenges, one payment, at different gateways at once: one ok', async () => {
      for (let round = 0; round < 20; round++) {
        const said = await attack([[[`a ${round}`, `p ${round}`]], [[`b ${round}`, `p ${round}`]], []]);
        expect(said.flat().sort()).toEqual(['ok', 'taken by reference']);
      }
      expect(await stored()).toEqual([[20, 20, 20]]);
    });

    it('what one has delivered, another finds used, and a credit of one is redeemed once', async () => {
      const ledger = await schemas.open({ schema });
      await ledger.deliver(requestOf('used'));
      await ledger.release(requestOf('credit'));
      const both: readonly Pair[] = [
        ['used', 'used'],
        ['credit', 'credit'],
      ];
      const said = await attack([both, both, both]);
      expect(said.map(([used]) => used)).toEqual(Array(3).fill('taken by challenge'));
      expect(said.map(([, credit]) => credit).sort()).toEqual(['ok', ...Array(2).fill('taken by challenge')]);
      expect(await ledger.find(requestOf('credit').challengeId)).toMatchObject({
        state: 'delivered',
        attempts: 1,
      });
    });

    it('ends by itself when it has nothing more to do, with every answer given', async () => {
      const alone = await promisify(execFile)(process.execPath, [script, schemas.server.url, schema]);
      expect(alone.stdout.trim()).toBe(Array(10).fill('ok').join(' '));
    });
  },
);
