/** --replace where other objects depend on the materialized view and cannot be changed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';

let sandbox: Sandbox;
let before: string[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox(`
    CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
    INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
    CREATE MATERIALIZED VIEW summary AS
    SELECT region, sum(amount) AS total, count(*) AS n FROM public.sales GROUP BY region`);
  before = await catalogListing(sandbox.db);
});
afterAll(() => sandbox.drop());

describe('what depends on it and cannot be changed: refused by name, before any work', () => {
  test.each([
    [
      'a function with an SQL body',
      `CREATE FUNCTION dependent() RETURNS bigint
       LANGUAGE sql BEGIN ATOMIC
       SELECT count(*) FROM public.summary;
       END`,
      'DROP FUNCTION dependent',
      'function public.dependent()',
    ],
    [
      'a function that takes its rows',
      `CREATE FUNCTION dependent(summary) RETURNS text LANGUAGE sql AS 'SELECT $1.region'`,
      'DROP FUNCTION dependent',
      'function public.dependent(',
    ],
    [
      'a function that gives its rows',
      `CREATE FUNCTION dependent() RETURNS SETOF summary
       LANGUAGE sql AS 'SELECT * FROM public.summary'`,
      'DROP FUNCTION dependent',
      'function public.dependent()',
    ],
    [
      'a column of its row type',
      'CREATE TABLE dependent (rows summary[])',
      'DROP TABLE dependent',
      'column rows of table public.dependent',
    ],
    [
      'a policy',
      `CREATE TABLE dependent (a text);
       CREATE POLICY p ON dependent USING (a IN (SELECT region FROM summary))`,
      'DROP TABLE dependent',
      'policy p on table public.dependent',
    ],
    [
      'a rule',
      `CREATE TABLE dependent (a text);
       CREATE RULE r AS ON INSERT TO dependent DO ALSO SELECT * FROM summary`,
      'DROP TABLE dependent',
      'rule r on table public.dependent',
    ],
  ])('%s', async (_what, create, drop, named) => {
    await sandbox.sql(create);
    const listing = await catalogListing(sandbox.db);
    const error = await expectImatError('has_dependents', () =>
      sandbox.imat.convert('summary', { replace: true }),
    );
    expect(error.message).toBe(
      'materialized view "summary" cannot be replaced, because other objects depend on it',
    );
    expect(error.detail).toContain(named);
    expect(await catalogListing(sandbox.db)).toEqual(listing);
    // Beside it, it converts.
    await sandbox.imat.convert('summary');
    await sandbox.imat.revert('summary');
    await sandbox.sql(drop);
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });
});
