/** Statements that are sent together with the next one, on both drivers. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { rolledBack } from '../../../engine/db/rolled-back.ts';
import { useDatabase } from '../../setup/database.ts';
import { driversOn, ITEMS } from './support/drivers.ts';

const database = useDatabase();

const count = "SELECT count(*) AS n FROM public.item WHERE name = 'deferred'";
const insert = (id: number): string => `INSERT INTO public.item VALUES (${id}, 'deferred')`;

describe.each(driversOn(database))('$driver', ({ open }) => {
  let db: Db;
  beforeAll(async () => {
    db = await open();
  });
  beforeEach(() => db.execute(ITEMS));
  afterAll(() => db.close());

  test('comes before the next statement, in order', async () => {
    await db.transaction('read committed', async () => {
      const earlier = db.query<{ n: string }>(count);
      db.defer(insert(1));
      db.defer("UPDATE public.item SET id = 2 WHERE name = 'deferred'; SET LOCAL jit = off");
      expect(await earlier).toEqual([{ n: '0' }]);
      expect(await db.query('SELECT id FROM public.item')).toEqual([{ id: 2 }]);
      db.defer(insert(3));
    });
    expect(await db.query(count)).toEqual([{ n: '2' }]);
  });

  test('fails in its place, and nothing is done', async () => {
    const failed = db.transaction('read committed', async () => {
      await db.execute(insert(1));
      db.defer('SELECT 1 / 0');
      await db.query(insert(2));
    });
    await expect(failed).rejects.toMatchObject({ sqlstate: '22012', statement: 'SELECT 1 / 0' });
    expect(await db.query(count)).toEqual([{ n: '0' }]);
    // What would have been sent with the next statement has gone with the transaction.
    const thrown = db.transaction('read committed', async () => {
      await db.execute(insert(1));
      db.defer(insert(2));
      throw new Error('given up');
    });
    await expect(thrown).rejects.toThrow('given up');
    expect(await db.query(count)).toEqual([{ n: '0' }]);
  });

  test('fails at the commit as elsewhere', async () => {
    const failed = db.transaction('read committed', async () => {
      await db.execute(insert(1));
      db.defer(insert(1));
    });
    await expect(failed).rejects.toMatchObject({ sqlstate: '23505' });
    expect(await db.query(count)).toEqual([{ n: '0' }]);
  });

  test('is undone by a savepoint', async () => {
    await db.transaction('read committed', async () => {
      db.defer('SAVEPOINT a');
      await expect(db.query('SELECT 1 / 0')).rejects.toMatchObject({ sqlstate: '22012' });
      db.defer('ROLLBACK TO SAVEPOINT a');
      await db.execute(insert(1));
    });
    expect(await db.query(count)).toEqual([{ n: '1' }]);
  });

  test('has a savepoint although what comes after it cannot be parsed', async () => {
    await db.transaction('read committed', async () => {
      await db.execute(insert(1));
      await rolledBack(db, async () => {
        await db.execute(insert(2));
        const refused = rolledBack(db, async () => {
          db.defer('CREATE TEMPORARY VIEW imat_gate AS SELECT FROM WHERE');
          await db.query('SELECT 1');
        });
        await expect(refused).rejects.toMatchObject({ sqlstate: '42601' });
        expect(await db.query(count)).toEqual([{ n: '2' }]);
      });
    });
    expect(await db.query(count)).toEqual([{ n: '1' }]);
  });

  test('needs a transaction', () => {
    expect(() => db.defer(insert(1))).toThrow('outside a transaction');
  });
});
