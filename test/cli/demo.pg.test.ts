/** The demo: it proves what it says, and leaves a server as it found it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { useDatabase } from '../setup/database.ts';
import { runCli, startCli, useBuiltCli } from './built-cli.ts';

type Document = {
  readonly rows: number;
  readonly ok: boolean;
  readonly driver: string;
  readonly convert: { readonly name: string; readonly strategy: string };
  readonly checks: readonly {
    readonly step: string;
    readonly equal: boolean;
    readonly group: { readonly sales: string } | null;
  }[];
  readonly timings: readonly {
    readonly job: string;
    readonly ms: number;
    readonly comparedMs: number;
  }[];
};

useBuiltCli();

function expectComplete(document: Document): void {
  expect(document).toMatchObject({ ok: true, convert: { strategy: 'delta' } });
  expect(document.checks.every((check) => check.equal)).toBe(true);
  const sales = Object.fromEntries(
    document.checks.map((check) => [
      check.step,
      check.group === null ? 0 : Number(check.group.sales),
    ]),
  );
  const before = sales['(before)'] ?? Number.NaN;
  expect(sales['INSERT a sale of 99.50']).toBe(before + 1);
  expect(sales['UPDATE its product']).toBe(before);
  expect(sales['INSERT 1,000 sales at once']).toBe(before + 1000);
  expect(sales['BEGIN; DELETE the whole group']).toBe(0);
  expect(sales['ROLLBACK']).toBe(sales['DELETE all below 100']);
  for (const timing of document.timings)
    expect([timing.ms > 0, timing.comparedMs > 0], timing.job).toEqual([true, true]);
}

describe('embedded', () => {
  test('tells its story and ends with what to do next', async () => {
    const { status, stdout, stderr } = await runCli(['demo', '--rows', '5000']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^imat demo: 5,000 sales in an embedded PostgreSQL [\d.]+ \(PGlite\)\n.*single session/,
    );
    for (const part of [
      '$ imat convert my_sales_summary',
      'REFRESH MATERIALIZED VIEW',
      'all equal.',
      'npx imat convert <materialized view>',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toContain('NO:');
  });

  test('with --json it is one document; DATABASE_URL is not looked at', async () => {
    const environment = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    const { status, stdout, stderr } = await runCli(['demo', '--rows', '5000', '--json'], {
      environment,
    });
    expect([status, stderr]).toEqual([0, '']);
    const document: Document = JSON.parse(stdout);
    expect([document.driver, document.rows]).toEqual(['pglite', 5000]);
    expectComplete(document);
  });
});

describe('on a server', () => {
  const database = useDatabase();
  let db: Db;

  beforeAll(async () => {
    db = await database.connect();
  });

  /** Every object that anyone made, by identity. Other tests make roles at the same time. */
  async function objects(): Promise<unknown> {
    return await db.query(`
      SELECT 'schema' AS kind, oid::text, nspname::text AS name
      FROM pg_namespace
      WHERE nspname !~ '^pg_(toast_)?temp_'
      UNION ALL SELECT 'relation', oid::text, relname::text FROM pg_class WHERE oid >= 16384
      UNION ALL SELECT 'function', oid::text, proname::text FROM pg_proc WHERE oid >= 16384
      UNION ALL SELECT 'trigger', oid::text, tgname::text FROM pg_trigger
      UNION ALL SELECT 'event trigger', oid::text, evtname::text FROM pg_event_trigger
      UNION ALL SELECT 'role', oid::text, rolname::text FROM pg_roles WHERE rolname ~ 'imat'
      ORDER BY 1, 2`);
  }

  const demo = ['demo', '--rows', '5000', '--json', '--database-url'];

  test('leaves nothing behind where imat was never used', async () => {
    const before = await objects();
    const { status, stdout, stderr } = await runCli([...demo, database.url]);
    expect([status, stderr]).toEqual([0, '']);
    const document: Document = JSON.parse(stdout);
    expectComplete(document);
    expect([document.driver, document.convert.name]).toEqual(['pg', 'my_sales_summary']);
    expect(await objects()).toEqual(before);
  });

  test.each([
    ['the rows are made', 'imat_demo', 2_000_000, 300],
    ['it is converted', 'imat_catalog', 200_000, 0],
    ['it is converted, or after', 'imat_catalog', 200_000, 150],
  ])('leaves nothing behind after Ctrl-C while %s', async (_, schema, rows, delayMs) => {
    const before = await objects();
    const running = startCli(['demo', '--rows', String(rows), '--database-url', database.url]);
    await untilSchema(schema);
    await sleep(delayMs);
    running.signal('SIGINT');
    const { status, stderr } = await running.ended;
    expect(status).toBe(130);
    expect(stderr).toMatch(
      /imat: the demo was interrupted\nDETAIL: {2}Everything that it had created was removed\.\n$/,
    );
    expect(await objects()).toEqual(before);
  });

  async function untilSchema(name: string): Promise<void> {
    for (const deadline = Date.now() + 90_000; Date.now() < deadline; ) {
      const [row] = await db.query<{ there: boolean }>(
        `SELECT to_regnamespace($1) IS NOT NULL AS there`,
        [name],
      );
      if (row?.there === true) return;
      await sleep(20);
    }
    throw new Error(`the demo has not made the schema ${name}`);
  }

  test('a role that may not create a schema is told so', async () => {
    await db.execute(`CREATE ROLE imat_cli_weak LOGIN`);
    const url = new URL(database.url);
    url.username = 'imat_cli_weak';
    const { status, stdout } = await runCli([...demo, url.href]);
    await db.execute(`DROP ROLE imat_cli_weak`);
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'IM006', message: 'cannot create the schema "imat_demo"' },
    });
  });

  test('a schema of that name is not touched', async () => {
    await db.execute(`CREATE SCHEMA imat_demo; CREATE TABLE imat_demo.precious (id int)`);
    const before = await objects();
    const { status, stdout } = await runCli([...demo, database.url]);
    expect([status, JSON.parse(stdout)]).toMatchObject([
      2,
      { error: { code: 'IM004', message: 'schema "imat_demo" already exists' } },
    ]);
    expect(await objects()).toEqual(before);
    await db.execute(`DROP SCHEMA imat_demo CASCADE`);
  });

  test("a user's own imats stay, one of the same name included", async () => {
    await db.execute(
      `CREATE TABLE public.t (a int);
       CREATE MATERIALIZED VIEW public.my_sales_summary AS
       SELECT a, count(*) AS n FROM public.t GROUP BY a`,
    );
    expect(
      (await runCli(['convert', 'my_sales_summary', '--database-url', database.url])).status,
    ).toBe(0);
    const before = await objects();
    const { status, stdout } = await runCli([...demo, database.url]);
    const document: Document = JSON.parse(stdout);
    expect([status, document.ok, document.convert.name]).toEqual([0, true, 'imat_demo_summary']);
    expect(await objects()).toEqual(before);
  });
});
