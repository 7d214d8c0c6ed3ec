/** Sources that capture cannot watch, and what is said of each. */
import type { Sandbox } from './sandbox.ts';

export type Case = {
  readonly what: string;
  readonly setup: string;
  /** Under `search_path = pg_catalog`. */
  readonly definition: string;
  /** What is said: the kind of the reason, and a part of its message or of the note. */
  readonly reason: { readonly kind: string; readonly message: string };
  readonly note: string;
  /** Changes of the unwatchable source, and of the watchable one beside it. */
  readonly changes: readonly string[];
  readonly skip?: (sandbox: Sandbox) => Promise<string | null>;
};

export const CASES: readonly Case[] = [
  {
    what: 'an unlogged table',
    setup: 'CREATE UNLOGGED TABLE volatile (id int)',
    definition: 'SELECT count(*) AS n FROM public.volatile',
    reason: {
      kind: 'unwatchable_source',
      message: 'unlogged table "public.volatile" loses its rows in a crash without firing triggers',
    },
    note: 'a live read runs the definition',
    changes: [
      'INSERT INTO volatile VALUES (1)',
      `SET session_replication_role = replica;
       INSERT INTO volatile VALUES (1);
       RESET session_replication_role`,
      'TRUNCATE volatile',
    ],
  },
  {
    what: 'a system catalog',
    setup: 'CREATE TABLE plain (id int)',
    definition: `SELECT count(*) AS n FROM pg_class c WHERE c.relname LIKE 'plain%'`,
    reason: {
      kind: 'unwatchable_source',
      message: 'system catalog "pg_catalog.pg_class" cannot have triggers',
    },
    note: 'a live read runs the definition',
    changes: ['CREATE TABLE plain_2 (id int)', 'DROP TABLE plain_2'],
  },
  {
    what: 'a system view',
    setup: 'CREATE TABLE plain (id int)',
    definition: `SELECT count(*) AS n FROM pg_tables t WHERE t.tablename LIKE 'plain%'`,
    reason: {
      kind: 'unwatchable_source',
      message: 'system catalog "pg_catalog.pg_class" cannot have triggers',
    },
    note: 'a live read runs the definition',
    changes: ['CREATE TABLE plain_2 (id int)', 'DROP TABLE plain_2'],
  },
  {
    what: 'the information schema',
    setup: 'CREATE TABLE plain (id int)',
    definition: `SELECT count(*) AS n
      FROM information_schema.columns c
      WHERE c.table_name LIKE 'plain%'`,
    reason: {
      kind: 'unwatchable_source',
      message: 'system catalog "pg_catalog.pg_attribute" cannot have triggers',
    },
    note: 'a live read runs the definition',
    changes: ['ALTER TABLE plain ADD COLUMN more int'],
  },
  {
    what: 'a foreign table',
    setup: `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
      CREATE FOREIGN TABLE outside (id int) SERVER files OPTIONS (program 'seq 1 3')`,
    definition: 'SELECT count(*) AS n FROM public.outside',
    reason: {
      kind: 'unwatchable_source',
      message: 'foreign table "public.outside" can change on the other server without notice',
    },
    note: 'a live read runs the definition',
    changes: [`ALTER FOREIGN TABLE outside OPTIONS (SET program 'seq 1 7')`],
    skip: async (sandbox) =>
      (await sandbox.rows(`SELECT FROM pg_available_extensions WHERE name = 'file_fdw'`)).length ===
      1
        ? null
        : 'the server has no file_fdw',
  },
  {
    what: 'a table that a logical replication subscription fills',
    setup: `CREATE TABLE filled (id int);
      CREATE SUBSCRIPTION fills CONNECTION 'dbname=nowhere' PUBLICATION none WITH (connect =
        false);
      SET allow_system_table_mods = on;
      INSERT INTO pg_subscription_rel
      SELECT s.oid, 'filled'::regclass, 'r', NULL FROM pg_subscription s WHERE s.subname = 'fills';
      RESET allow_system_table_mods`,
    definition: 'SELECT count(*) AS n FROM public.filled',
    reason: {
      kind: 'unwatchable_source',
      message:
        'table "public.filled" is filled by a logical replication ' +
        'subscription, which does not fire statement triggers',
    },
    note: 'a live read runs the definition',
    // A subscription's worker writes like this: only ALWAYS and REPLICA row triggers fire.
    changes: [
      `ALTER TABLE filled DISABLE TRIGGER ALL;
       INSERT INTO filled VALUES (1);
       ALTER TABLE filled ENABLE TRIGGER ALL`,
      'DELETE FROM filled',
    ],
  },
  {
    what: 'a table with row security, read through a view of another role',
    setup: `CREATE TABLE secured (id int, owner text);
      ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON secured USING (owner = current_user);
      CREATE VIEW shown AS SELECT id, owner FROM secured;
      ALTER VIEW shown OWNER TO pg_read_all_data`,
    definition: 'SELECT owner, count(*) AS n FROM public.shown GROUP BY owner',
    reason: {
      kind: 'row_security',
      message:
        'row-level security of table "public.secured" may apply to the owner of a view through ' +
        'which it is read, and capture cannot apply it to changed rows',
    },
    note: 'what its policies depend on cannot be known: a live read runs the definition',
    changes: [
      `INSERT INTO secured VALUES (1, 'a'), (2, 'postgres')`,
      `DELETE FROM secured WHERE owner = 'a'`,
    ],
  },
  {
    what: 'no source at all',
    setup: '',
    definition: `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) AS p
      FROM generate_series(1, 5) AS x`,
    reason: { kind: 'no_key', message: 'no column tells which rows of the answer' },
    note: 'it reads no table: what a swap has stored stays right',
    changes: ['SELECT 1'],
  },
  {
    what: 'a function that reads a table, which no dependency shows',
    setup: `CREATE TABLE hidden (id int);
      CREATE FUNCTION total() RETURNS bigint
      LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.hidden';
      CREATE TABLE plain (id int)`,
    definition: 'SELECT count(*) AS n, public.total() AS t FROM public.plain',
    reason: {
      kind: 'moment_dependent',
      message: '"total" can give another result although no table has changed',
    },
    note: 'the answer can change although no table does: a live read runs the definition',
    changes: ['INSERT INTO hidden VALUES (1)', 'INSERT INTO plain VALUES (1)'],
  },
  {
    what: 'the time',
    setup: `CREATE TABLE events (at timestamptz);
      INSERT INTO events
      VALUES (now() + interval '300 milliseconds'), (now() - interval '1 hour')`,
    definition: `SELECT count(e.at) AS n FROM (VALUES (1)) AS one(x)
      LEFT JOIN public.events e ON extract(second FROM now() - e.at) > 0`,
    reason: {
      kind: 'moment_dependent',
      message: '"now" can give another result although no table has changed',
    },
    note: 'the answer can change although no table does',
    changes: ['SELECT pg_sleep(0.4)', `INSERT INTO events VALUES (now())`],
  },
];
