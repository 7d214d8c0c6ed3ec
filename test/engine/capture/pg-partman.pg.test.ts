/** pg_partman makes and drops partitions of a source while others write to it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import type { Db } from '../../../engine/db/db.ts';
import { createImat, type Imat } from '../../../engine/index.ts';
import { findPgPartman } from '../../../tools/install-services.mjs';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { differencesSql, columnsOf } from '../correctness/support/oracle.ts';
import { foldAll } from '../../setup/fold-all.ts';

const binaries = findPgPartman();
if (binaries === null)
  process.stderr.write('NOT RUN: partitions of pg_partman, because it is not installed\n');

const SUMS = `SELECT kind, count(*) AS n, sum(amount * (1 - share)) AS total
  FROM public.sale GROUP BY kind`;
const LAST = `SELECT DISTINCT ON (kind) kind, id, amount FROM public.sale ORDER BY kind, id DESC`;
const WRITERS = 3;
const ROUNDS = 12;

describe.skipIf(binaries === null)('pg_partman', () => {
  let server: PostgresServer;
  const sessions: Db[] = [];
  const connect = async (): Promise<Db> => {
    const db = await connectDb({ kind: 'url', url: server.url });
    sessions.push(db);
    return db;
  };
  beforeAll(async () => {
    if (binaries === null) throw new Error('pg_partman is not installed');
    server = await startPostgres({ binaries });
  });
  afterAll(async () => {
    await Promise.all(sessions.map((db) => db.close()));
    await server?.stop();
  });

  const partitions = async (db: Db): Promise<string[]> =>
    (
      await db.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits
         WHERE inhparent = 'public.sale'::regclass ORDER BY 1`,
      )
    ).map(({ name }) => name);

  async function write(db: Db, isDone: () => boolean): Promise<string[]> {
    const failed: string[] = [];
    for (let count = 0; !isDone(); count++)
      for (const statement of [
        `INSERT INTO public.sale (kind, amount, share)
         SELECT 'k' || i % 5, i, i / 20.0 FROM generate_series(1, 7) AS i`,
        `UPDATE public.sale SET amount = amount + 1
         WHERE id = (SELECT max(id) FROM public.sale) - ${count % 9}`,
        `DELETE FROM public.sale WHERE id % 97 = ${count % 97}`,
      ])
        await db.execute(statement).catch((error: unknown) => failed.push(String(error)));
    return failed;
  }

  async function expectExact(db: Db, name: string, definition: string): Promise<void> {
    const relation = `imat.${name}`;
    const columns = await columnsOf(db, relation);
    expect(
      await db.query(differencesSql({ relation, definition, columns, ambiguous: [] })),
    ).toEqual([]);
  }

  async function install(db: Db, imat: Imat): Promise<void> {
    await db.execute(`CREATE SCHEMA partman; CREATE EXTENSION pg_partman SCHEMA partman;
      CREATE TABLE public.sale (
        id bigint GENERATED ALWAYS AS IDENTITY, kind text, amount int, share numeric
      ) PARTITION BY RANGE (id);
      SELECT partman.create_parent(p_parent_table := 'public.sale', p_control := 'id',
        p_type := 'native', p_interval := '200', p_premake := 8);
      UPDATE partman.part_config SET retention = '600', retention_keep_table = false,
        infinite_time_partitions = true`);
    await imat.create('sums', SUMS);
    await imat.create('last', LAST);
  }

  test('no writer fails, and every answer is exact', async () => {
    const [db, keeper] = [await connect(), await connect()];
    const imat = createImat(await connect());
    await install(db, imat);
    const before = await partitions(db);
    let isDone = false;
    const writing = Promise.all(
      Array.from({ length: WRITERS }, async () => write(await connect(), () => isDone)),
    );
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await keeper.execute(`CALL partman.run_maintenance_proc()`);
        if (round % 3 === 0) await imat.fold('sums');
        await expectExact(db, 'sums', SUMS);
        await expectExact(db, 'last', LAST);
      }
    } finally {
      isDone = true;
    }
    expect((await writing).flat()).toEqual([]);
    const after = await partitions(db);
    expect(before.filter((one) => !after.includes(one))).not.toEqual([]);
    expect(after.filter((one) => !before.includes(one))).not.toEqual([]);
    await foldAll(imat);
    await expectExact(db, 'sums', SUMS);
    await expectExact(db, 'last', LAST);
  });
});
