/**
 * A fresh install is what engine/catalog/schema.sql says. After a change of the catalog, write the
 * file anew with `npx vitest run --project pg test/engine/catalog/schema.pg.test.ts -u`.
 */
import { expect, test } from 'vitest';
import { LOCK_CLASS } from '../../../engine/catalog/migrate.ts';
import { inSandbox } from '../commands/support/sandbox.ts';
import { describeCatalog } from './describe.ts';

test('a fresh install has the schema that is checked in', async () => {
  await inSandbox('', async (sandbox) => {
    await sandbox.imat.init();
    const text = await describeCatalog(sandbox.db);
    expect(text).toContain('CREATE TABLE imat_catalog.imat (');
    await expect(text).toMatchFileSnapshot('../../../engine/catalog/schema.sql');
  });
});

test('every table, routine and view has a comment', async () => {
  await inSandbox('', async (sandbox) => {
    await sandbox.imat.init();
    const objects = await sandbox.db.query<{ name: string; comment: string | null }>(
      `SELECT p.oid::regprocedure::text AS name, obj_description(p.oid, 'pg_proc') AS comment
       FROM pg_proc p WHERE p.pronamespace IN ('imat'::regnamespace, 'imat_catalog'::regnamespace)
       UNION ALL
       SELECT c.oid::regclass::text, obj_description(c.oid, 'pg_class')
       FROM pg_class c
       WHERE c.relkind IN ('r', 'v') AND c.relnamespace = 'imat_catalog'::regnamespace`,
    );
    expect(objects.length).toBeGreaterThan(40);
    expect(objects.filter((one) => one.comment === null)).toEqual([]);
  });
});

test('SQL and TypeScript agree on the class of advisory locks', async () => {
  await inSandbox('', async (sandbox) => {
    await sandbox.imat.init();
    expect(await sandbox.value('SELECT imat_catalog.lock_class()')).toBe(LOCK_CLASS);
  });
});
