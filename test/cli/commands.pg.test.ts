/**
 * The commands on a server, from a database that has never seen imat to one that has forgotten it.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { useDatabase } from '../setup/database.ts';
import { type Ended, runCli, useBuiltCli } from './built-cli.ts';
import { runInProcess } from './in-process.ts';
import { REBUILT } from '../setup/rebuilt.ts';

const SALES = `
CREATE TABLE public.sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO public.sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 1000) AS i;
CREATE MATERIALIZED VIEW public.my_sales_summary AS
SELECT region, sum(amount) AS total, count(*) AS n FROM public.sales GROUP BY region;
CREATE MATERIALIZED VIEW public.ranks AS
${REBUILT} SELECT region, amount, rank() OVER (ORDER BY amount) FROM public.sales;
CREATE VIEW public.plain AS SELECT 1 AS one;
COMMENT ON MATERIALIZED VIEW public.ranks IS 'who sells most';`;

useBuiltCli();
const database = useDatabase();
let db: Db;

beforeAll(async () => {
  db = await database.connect();
  await db.execute(SALES);
});

/** The program as a process is tested in process.pg.test.ts. */
const imat = (...argv: string[]): Promise<Ended> => runInProcess(argv, database.url);

/** The text of a command that must end well, with nothing on stderr. */
async function text(...argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await imat(...argv);
  expect([status, stderr], argv.join(' ')).toEqual([0, '']);
  return stdout;
}

/** The document of one. */
async function json(...argv: string[]): Promise<unknown> {
  return JSON.parse(await text(...argv, '--json'));
}

/** What there is once the catalog has been made. */
let catalog: string[];

/** All that imat puts into a database, by name. */
async function traces(): Promise<string[]> {
  const rows = await db.query<{ trace: string }>(`
    SELECT 'relation ' || n.nspname || '.' || c.relname AS trace
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('imat', 'imat_store') AND c.relkind IN ('r', 'v', 'm')
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'function ' || p.proname
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'imat_store'
    ORDER BY 1`);
  return rows.map((row) => row.trace);
}

describe('a database without imats', () => {
  test('what needs one says so', async () => {
    expect(JSON.parse((await imat('list', '--json')).stdout)).toEqual({ imats: [] });
    expect(JSON.parse((await imat('status', '--json')).stdout)).toEqual({
      imats: [],
      workers: [],
      heldBack: [],
    });
    const { status, stdout, stderr } = await imat('fold', 'my_sales_summary');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^imat: this database has no imats yet\nHINT:  .*imat convert/);
    expect(JSON.parse((await imat('status', 'my_sales_summary', '--json')).stdout)).toMatchObject({
      error: { code: 'IM005' },
    });
  });

  test('doctor, explain and a dry run work and leave it as it is', async () => {
    expect(await text('doctor')).toMatch(/^ok {7}server: PostgreSQL \d+/);
    expect(await text('explain', 'my_sales_summary')).toContain('my_sales_summary: strategy delta');
    expect(await text('convert', 'my_sales_summary', '--dry-run')).toContain(
      'would be created: strategy delta, freshness live. Nothing was changed.',
    );
    expect(await json('convert', 'ranks', '--dry-run')).toMatchObject({
      strategy: 'swap',
      dryRun: true,
      reasons: [{ kind: 'recursive_cte' }],
    });
    expect(await traces()).toEqual([]);
  });

  test('init makes the catalog once', async () => {
    expect(await json('init')).toEqual({ version: expect.any(Number), created: true });
    catalog = await traces();
    expect(await json('init')).toMatchObject({ created: false });
    expect(await text('init')).toMatch(/^The imat catalog already exists \(version \d+\)\.\n$/);
    expect(await text('list')).toContain('No imats in this database.');
    expect(await json('list')).toEqual({ imats: [] });
    expect(await json('verify')).toEqual({ results: [] });
  });
});

describe('explain', () => {
  test('shows the place of what stands in the way', async () => {
    const shown = await text('explain', 'ranks');
    expect(shown).toMatch(/LINE 1: WITH RECURSIVE .*\n {25}\^\n/);
  });

  test('reads a query from a file and from standard input', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'imat-cli-')), 'query.sql');
    writeFileSync(file, 'SELECT region, avg(amount) AS average\nFROM sales\nGROUP BY region;\n');
    expect(await json('explain', `@${file}`)).toMatchObject({
      strategy: 'delta',
      sources: [{ relation: 'public.sales' }],
    });
    const { status, stdout } = await runCli(['explain', '@-', '--json'], {
      environment: { DATABASE_URL: database.url },
      stdin: 'SELECT DISTINCT region FROM sales',
    });
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { strategy: 'delta' }]);
  });

  test('--sql prints statements that the server reads as one script', async () => {
    const script = await text('explain', 'my_sales_summary', '--sql');
    expect(script).toMatch(
      /^-- project [^\n]*\n(?:-- [^\n]*\n)+\n-- the definition, as a view\nCREATE VIEW /,
    );
    await expect(
      db.transaction('read committed', async () => {
        await db.execute(
          'CREATE FUNCTION pg_temp.parses() RETURNS void LANGUAGE plpgsql AS ' +
            `$parses$ BEGIN IF false THEN ${script} END IF; ` +
            'END $parses$',
        );
        throw new Error('it parses');
      }),
    ).rejects.toThrow('it parses');
  });
});

describe('an imat from its making to its end', () => {
  test('convert says what was made', async () => {
    expect(await text('convert', 'my_sales_summary')).toMatch(
      /^imat\.my_sales_summary is ready: strategy delta, freshness live\.\n/,
    );
    expect(
      await json('convert', 'public.ranks', '--name', 'r', '--freshness', 'manual'),
    ).toMatchObject({
      name: 'r',
      relation: 'imat.r',
      strategy: 'swap',
      freshness: 'manual',
      reasons: [{ kind: 'recursive_cte', position: { line: 1 } }],
      notes: [],
      dryRun: false,
    });
  });

  test('create makes one of a query', async () => {
    const query = 'SELECT region, count(*) AS n FROM sales WHERE amount > 10 GROUP BY region';
    expect(await json('create', 'big', '--query', query, '--strategy', 'delta')).toMatchObject({
      relation: 'imat.big',
      strategy: 'delta',
    });
  });

  test('list and status show them, and what is pending', async () => {
    await db.execute(`INSERT INTO public.sales VALUES (2001, 'r1', 7), (2002, NULL, 8)`);
    expect(await text('list')).toMatch(/^imat\.r +swap +manual +active +public\.ranks$/m);
    expect(await text('status')).toMatch(/^my_sales_summary +delta +live +active +2 +/m);
    expect(await text('status', 'big')).toMatch(/^converted from +\(a query\)$/m);
    expect(await json('status', 'my_sales_summary')).toMatchObject({
      imats: [{ name: 'my_sales_summary', pendingRows: 2, state: 'active' }],
    });
  });

  test('fold takes in what is pending', async () => {
    expect(await json('fold', 'my_sales_summary')).toMatchObject([
      { name: 'my_sales_summary', rows: 2 },
    ]);
    expect(await text('fold')).toMatch(/^big +\d+ +[\d.]+ ms$/m);
    expect(await json('status')).toMatchObject({
      imats: [{ name: 'big', pendingRows: 0 }, { pendingRows: 0 }, { name: 'r' }],
    });
  });

  test('swap rebuilds', async () => {
    expect(await text('swap', 'r')).toMatch(/^r was rebuilt with 1,002 rows in [\d.]+ m?s\.\n$/);
    expect(await json('swap', 'r')).toMatchObject({ name: 'r', rows: 1002 });
  });

  test('verify finds them equal', async () => {
    expect(await text('verify', 'big')).toMatch(/^big: equal to its definition \(\d rows\)\n$/);
    expect(await json('verify', '--all')).toMatchObject({
      results: [{ equal: true }, { equal: true }, { equal: true, differences: 0 }],
    });
  });

  test('verify ends with 3 where one was tampered with, and shows rows of both sides', async () => {
    const [state] = await db.query<{ stored: string; column: string }>(`
      SELECT i.stored::text AS stored, quote_ident(a.attname) AS column
      FROM imat_catalog.imat i JOIN pg_attribute a ON a.attrelid = i.stored AND a.attname = 'rows'
      WHERE i.name = 'big'`);
    await db.execute(`UPDATE ${state?.stored} SET ${state?.column} = ${state?.column} + 1`);
    const people = await imat('verify');
    expect([people.status, people.stderr]).toEqual([3, '']);
    expect(people.stdout).toMatch(/^big: DIFFERENT from its definition in \d+ rows, for example$/m);
    expect(people.stdout).toMatch(/^ {2}imat +r\d +\d+$/m);
    expect(people.stdout).toMatch(/^ {2}definition +r\d +\d+$/m);
    expect(people.stdout).toMatch(/^my_sales_summary: equal/m);
    const program = await imat('verify', 'big', '--json');
    expect(program.status).toBe(3);
    expect(JSON.parse(program.stdout)).toMatchObject({
      results: [
        { name: 'big', equal: false, differences: expect.any(Number), sample: expect.any(Array) },
      ],
    });
  });

  test('--replace puts a view in place of the original, and revert the original back', async () => {
    await text('revert', 'r');
    expect(await json('convert', 'ranks', '--replace')).toMatchObject({ relation: 'imat.ranks' });
    const kind = async (): Promise<unknown> =>
      await db.query(
        `SELECT relkind::text, obj_description(oid) AS comment
         FROM pg_class
         WHERE oid = 'public.ranks'::regclass`,
      );
    expect(await kind()).toEqual([{ relkind: 'v', comment: 'who sells most' }]);
    expect(await text('revert', 'ranks')).toBe(
      'ranks and everything installed for it were removed. public.ranks is as it was before.\n',
    );
    expect(await kind()).toEqual([{ relkind: 'm', comment: 'who sells most' }]);
  });

  test('revert leaves nothing', async () => {
    expect(await json('revert', 'my_sales_summary')).toEqual({
      name: 'my_sales_summary',
      original: 'public.my_sales_summary',
    });
    expect(await text('revert', 'big')).toBe('big and everything installed for it were removed.\n');
    expect(await traces()).toEqual(catalog);
  });
});

describe('what is named wrongly', () => {
  beforeAll(async () => {
    await text('convert', 'my_sales_summary');
  });

  test.each([
    [
      ['convert', 'my_sale_summary'],
      'IM002',
      'materialized view "my_sale_summary" does not exist',
      'Did you mean my_sales_summary?',
    ],
    [['explain', 'my_sale_summary'], 'IM002', 'my_sale_summary', 'my_sales_summary'],
    [
      ['status', 'my_sale_summary'],
      'IM002',
      'imat "my_sale_summary" does not exist',
      'Did you mean my_sales_summary?',
    ],
    [
      ['fold', 'my_sale_summary'],
      'IM002',
      'imat "my_sale_summary" does not exist',
      'Did you mean my_sales_summary?',
    ],
    [
      ['swap', 'my_sale_summary'],
      'IM002',
      'imat "my_sale_summary" does not exist',
      'Did you mean my_sales_summary?',
    ],
    [
      ['verify', 'my_sale_summary'],
      'IM002',
      'imat "my_sale_summary" does not exist',
      'Did you mean my_sales_summary?',
    ],
    [
      ['revert', 'my_sale_summary'],
      'IM002',
      'imat "my_sale_summary" does not exist',
      'Did you mean my_sales_summary?',
    ],
    [['convert', 'sales'], 'IM003', '"sales" is a table', ''],
    [['convert', 'plain'], 'IM003', '"plain" is a view', 'imat create'],
    [['convert', 'my_sales_summary'], 'IM004', 'already exists', 'revert'],
    [['convert', '"'], 'IM001', 'is not a relation name', 'double quotes'],
    [['convert', ''], 'IM001', '', ''],
    [['convert', 'ranks', '--freshness', 'fresh'], 'IM001', '"fresh" is not a freshness', '5s'],
    [['convert', 'ranks', '--freshness', '-5s'], 'IM001', '"-5s" is not a freshness', '5s'],
    [['convert', 'ranks', '--strategy', 'delta'], 'IM009', 'cannot be maintained by delta', 'swap'],
    [['create', 'q', '--query', 'SELECT 1; DROP TABLE sales'], 'IM011', '', ''],
    [
      ['create', 'my_sales_summary', '--query', 'SELECT region FROM sales'],
      'IM004',
      'already exists',
      '',
    ],
  ])('%j: %s', async (argv, code, message, hint) => {
    const program = await imat(...argv, '--json');
    expect([program.status, program.stderr]).toEqual([2, '']);
    const { error }: { error: { code: string; message: string; hint: string | null } } = JSON.parse(
      program.stdout,
    );
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint ?? '').toContain(hint);
  });

  test('a mistake in a query is shown in its line', async () => {
    const { status, stderr } = await imat(
      'create',
      'q',
      '--query',
      'SELECT region,\n       amont\nFROM sales',
    );
    expect(status).toBe(2);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).toMatch(/^imat: column "amont" does not exist\nLINE 2: {8}amont\n {15}\^\n/);
    const program = await imat(
      'create',
      'q',
      '--query',
      'SELECT region,\n       amont\nFROM sales',
      '--json',
    );
    expect(JSON.parse(program.stdout)).toMatchObject({
      error: { code: 'IM011', position: { line: 2, column: 8, offset: 22 } },
    });
  });

  test('none of it has changed anything', async () => {
    expect(await db.query(`SELECT count(*)::int AS sales FROM public.sales`)).toEqual([
      { sales: 1002 },
    ]);
    expect(await json('list')).toMatchObject({ imats: [{ name: 'my_sales_summary' }] });
    expect(await text('verify')).toContain('my_sales_summary: equal');
  });
});
