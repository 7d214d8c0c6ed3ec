/** Settings of a server or database under which convert works, or says why not. */
import { expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { expectEqual } from './support/oracle.ts';
import { inPreparedSandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SUMMARY =
  'SELECT region, sum(amount) AS total, count(*) AS n FROM public.sales GROUP BY region';
const RANKS = `${REBUILT}
  SELECT region, product, rank() OVER (ORDER BY amount) AS place FROM public.sales`;
const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, product int, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i % 7, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY};
CREATE MATERIALIZED VIEW ranks AS ${RANKS};`;

test('a database that is read-only says so', async () => {
  await inPreparedSandbox(SALES, async (own) => {
    await own.sql(`SET default_transaction_read_only = on`);
    expect(await expectImatError('read_only', () => own.imat.convert('summary'))).toMatchObject({
      hint: expect.stringContaining('primary'),
    });
    await own.sql(`SET default_transaction_read_only = off`);
    await own.imat.convert('summary');
  });
});

test('server defaults that a database may have do not matter', async () => {
  await inPreparedSandbox(SALES, async (own) => {
    const database = await own.value<string>('SELECT current_database()');
    for (const setting of [
      `default_transaction_isolation = serializable`,
      `standard_conforming_strings = off`,
      `quote_all_identifiers = on`,
      `check_function_bodies = off`,
      `default_transaction_deferrable = on`,
      `bytea_output = escape`,
      `DateStyle = 'SQL, DMY'`,
      `IntervalStyle = sql_standard`,
      `extra_float_digits = -10`,
      `plpgsql.variable_conflict = use_column`,
      `search_path = public, nowhere`,
      `row_security = off`,
      `xmloption = document`,
    ])
      await own.sql(`ALTER DATABASE ${database} SET ${setting}`);
    const session = await own.session();
    await session.sql(`CREATE TABLE things (kind text, at date, price float8);
      INSERT INTO things
      VALUES (E'a\\\\b', '2026-01-31', 0.1), ('x', '2026-02-01', 0.2);
      CREATE MATERIALIZED VIEW by_kind AS
      SELECT kind, at, sum(price) AS price, count(*) FILTER (WHERE kind = E'a\\\\b') AS odd
      FROM things
      GROUP BY kind, at`);
    const definition = `SELECT kind, at, sum(price) AS price,
        count(*) FILTER (WHERE kind = E'a\\\\b') AS odd
      FROM public.things
      GROUP BY kind, at`;
    expect(await session.imat.convert('by_kind')).toMatchObject({ strategy: 'delta' });
    await session.imat.convert('ranks');
    await session.sql(
      `INSERT INTO things VALUES (E'a\\\\b', '2026-03-31', 0.3), (NULL, NULL, NULL);
       UPDATE things SET at = at + 1;
       INSERT INTO sales VALUES (7000, 'n', 1, 1)`,
    );
    await expectEqual(session.db, 'imat.by_kind', definition);
    await expectEqual(session.db, 'imat.ranks', RANKS);
    await foldAll(session.imat);
    await session.imat.swap('ranks');
    await expectEqual(session.db, 'imat.by_kind', definition);
    expect((await session.imat.verify()).results.map((result) => result.equal)).toEqual([
      true,
      true,
    ]);
    await session.imat.revert('by_kind');
    await session.imat.revert('ranks');
  });
});
