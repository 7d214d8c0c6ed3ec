/** What a colleague finds who looks at a table or a view and has never heard of imat. */
import { expect, test } from 'vitest';
import { inPreparedSandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const SETUP = `CREATE TABLE plain (g int, v int);
  CREATE TABLE parted (g int, v int) PARTITION BY LIST (g);
  CREATE TABLE parted_1 PARTITION OF parted DEFAULT;
  CREATE MATERIALIZED VIEW described AS SELECT g, sum(v) AS s FROM plain GROUP BY g;
  COMMENT ON MATERIALIZED VIEW described IS 'sums by g';
  CREATE MATERIALIZED VIEW ranked AS ${REBUILT}
    SELECT g, rank() OVER (ORDER BY v) AS r FROM parted`;

test('triggers, views and schemas say what they are', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    for (const name of ['described', 'ranked']) await sandbox.imat.convert(name);
    expect(
      await sandbox.rows(`SELECT count(*)::int AS n,
          count(*) FILTER (WHERE d LIKE 'imat: captures changes %')::int AS said
        FROM pg_trigger t, obj_description(t.oid, 'pg_trigger') AS d
        WHERE t.tgrelid::regclass::text IN ('plain', 'parted', 'parted_1') AND t.tgparentid = 0`),
    ).toEqual([{ n: 13, said: 13 }]);
    expect(
      await sandbox.rows(`SELECT c.relname AS name, obj_description(c.oid, 'pg_class') AS said
        FROM pg_class c WHERE c.relnamespace = 'imat'::regnamespace AND c.relkind = 'v'
          AND c.relname IN ('described', 'ranked') ORDER BY 1`),
    ).toEqual([
      { name: 'described', said: 'sums by g' },
      { name: 'ranked', said: expect.stringMatching(/^imat: answers as its query would now/) },
    ]);
    expect(
      await sandbox.rows(`SELECT n.nspname AS name
        FROM pg_namespace n, obj_description(n.oid, 'pg_namespace') AS d
        WHERE n.nspname ~ '^imat' AND d LIKE 'imat: %' ORDER BY 1`),
    ).toEqual([{ name: 'imat' }, { name: 'imat_catalog' }, { name: 'imat_store' }]);
  });
});
