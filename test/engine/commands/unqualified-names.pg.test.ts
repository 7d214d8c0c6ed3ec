/**
 * Functions of a definition that name objects without a schema. imat runs definitions with the
 * search_path pg_catalog, as PostgreSQL refreshes materialized views from version 17 on.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';

const MENTIONS = `
CREATE TABLE mention (id int PRIMARY KEY, software text);
INSERT INTO mention SELECT i, 's' || i % 3 FROM generate_series(1, 9) AS i;
CREATE FUNCTION base() RETURNS SETOF mention LANGUAGE sql STABLE AS 'SELECT * FROM mention';
CREATE FUNCTION inner_label(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE FUNCTION label(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT inner_label($1)';
CREATE FUNCTION largest(text) RETURNS text LANGUAGE plpgsql STABLE AS
  $$BEGIN RETURN (SELECT max(software) FROM mention WHERE software = $1); END$$;
CREATE FUNCTION counted(text) RETURNS bigint LANGUAGE sql STABLE SET search_path = public AS
  'SELECT count(*) FROM mention WHERE software = $1';
CREATE MATERIALIZED VIEW of_rows AS SELECT software, count(*) AS n FROM base() GROUP BY 1;
CREATE MATERIALIZED VIEW of_nested AS
  SELECT label(software) AS l, count(*) AS n FROM mention GROUP BY 1;
CREATE MATERIALIZED VIEW of_plpgsql AS SELECT id, largest(software) AS l FROM mention;
CREATE MATERIALIZED VIEW of_path AS SELECT software, counted(software) AS n FROM mention;`;

let sandbox: Sandbox;
let before: string[];
beforeAll(async () => {
  // Before PostgreSQL 17, a materialized view is created with the search_path of its creator.
  sandbox = await createPreparedSandbox(
    MENTIONS.replaceAll(/^(CREATE MATERIALIZED VIEW [\s\S]*?);/gm, '$1 WITH NO DATA;'),
  );
  before = await catalogListing(sandbox.db);
});
afterAll(() => sandbox.drop());

test.each([
  ['of_rows', 'base', 'relation "mention" does not exist'],
  ['of_nested', 'label', 'function inner_label(text) does not exist'],
])('%s: explain and convert name the function and the remedy', async (view, name, detail) => {
  const expected = {
    message: `function ${name} of the definition names an object without its schema`,
    hint: expect.stringContaining(`ALTER FUNCTION ${name} SET search_path = public`),
  };
  for (const call of [
    () => sandbox.imat.explain(view),
    () => sandbox.imat.convert(view, { dryRun: true }),
    () => sandbox.imat.convert(view),
  ]) {
    const error = await expectImatError('definition_failed', call);
    expect(error).toMatchObject(expected);
    expect(error.detail?.toLowerCase()).toContain(detail);
  }
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test('what only PL/pgSQL finds when it runs is named by the convert', async () => {
  expect(
    await expectImatError('definition_failed', () => sandbox.imat.convert('of_plpgsql')),
  ).toMatchObject({
    message: 'function public.largest(text) of the definition names an object without its schema',
    detail: 'Relation "mention" does not exist.',
    hint: expect.stringContaining('ALTER FUNCTION public.largest(text) SET search_path = public'),
  });
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test('a function with a path of its own is maintained, and the remedy works', async () => {
  await sandbox.imat.convert('of_path');
  await sandbox.sql(`INSERT INTO mention VALUES (50, 's1');
    ALTER FUNCTION base() SET search_path = public`);
  await expectEqual(
    sandbox.db,
    'imat.of_path',
    'SELECT software, public.counted(software) AS n FROM public.mention',
  );
  await sandbox.imat.convert('of_rows');
  await sandbox.sql(`INSERT INTO mention VALUES (51, 's2')`);
  await expectEqual(
    sandbox.db,
    'imat.of_rows',
    'SELECT software, count(*) AS n FROM public.mention GROUP BY 1',
  );
  await sandbox.revertAll();
});
