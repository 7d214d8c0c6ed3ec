/** A database with files of many kinds, what changes them, and what is compared of it. */
import type { Db, Row } from '../../../engine/db/db.ts';

const rows = (from: number, to: number): string =>
  `SELECT i, i % 100, repeat('x', 200) FROM generate_series(${from}, ${to}) i`;

/** Before the copy. */
export const CONTENT: readonly string[] = [
  'CREATE TABLE untouched (i int, v int, pad text)',
  // CREATE TABLE AS can leave pages of zeros at the end, which count as changed.
  `INSERT INTO untouched ${rows(1, 2000)}`,
  'CREATE TABLE one_row (id int, pad char(760))',
  `INSERT INTO one_row SELECT i, 'x' FROM generate_series(1, 200) i`,
  'CREATE TABLE busy (id int PRIMARY KEY, v int, pad text)',
  `INSERT INTO busy ${rows(1, 20_000)}`,
  'CREATE INDEX busy_hash ON busy USING hash (v)',
  'CREATE INDEX busy_brin ON busy USING brin (id)',
  'CREATE TABLE words (id int, w tsvector, p point)',
  `INSERT INTO words SELECT i, to_tsvector('simple', 'a' || i || ' b' || i % 7), point(i, i)
     FROM generate_series(1, 3000) i`,
  'CREATE INDEX words_gin ON words USING gin (w)',
  'CREATE INDEX words_gist ON words USING gist (p)',
  'CREATE INDEX words_spgist ON words USING spgist (p)',
  `CREATE TABLE shrinks AS ${rows(1, 5000)}`,
  `CREATE TABLE rewritten AS ${rows(1, 5000)}`,
  `CREATE TABLE emptied AS ${rows(1, 1000)}`,
  `CREATE TABLE refilled AS ${rows(1, 1000)}`,
  `CREATE TABLE dropped AS ${rows(1, 1000)}`,
  'CREATE TABLE big (id int, t text)',
  'ALTER TABLE big ALTER t SET STORAGE external',
  `INSERT INTO big SELECT i, repeat(md5(i::text), 300) FROM generate_series(1, 100) i`,
  'CREATE TABLE parts (id int, v int) PARTITION BY RANGE (id)',
  'CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000)',
  'INSERT INTO parts SELECT i, i FROM generate_series(0, 999) i',
  'CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, p point)',
  'CREATE INDEX unlogged_gist ON unlogged USING gist (p)',
  'INSERT INTO unlogged SELECT i, point(i, i) FROM generate_series(1, 3000) i',
  `CREATE TABLESPACE elsewhere LOCATION ''`,
  `CREATE TABLE placed TABLESPACE elsewhere AS ${rows(1, 3000)}`,
  `CREATE TABLE moved AS ${rows(1, 3000)}`,
  'CREATE SEQUENCE counts',
  `SELECT nextval('counts') FROM generate_series(1, 10)`,
  'VACUUM (ANALYZE)',
];

/** Behind the copy. */
export const CHANGES: readonly string[] = [
  `SELECT nextval('counts') FROM generate_series(1, 5)`,
  'DELETE FROM one_row WHERE id = 120',
  'UPDATE busy SET v = v + 1, pad = pad || 1 WHERE id % 50 = 0',
  'DELETE FROM busy WHERE id BETWEEN 3000 AND 9000',
  'VACUUM busy',
  `INSERT INTO busy ${rows(30_000, 34_000)}`,
  'CREATE INDEX busy_v ON busy (v, id)',
  'REINDEX INDEX busy_hash',
  'DELETE FROM words WHERE id % 3 = 0',
  `INSERT INTO words SELECT i, to_tsvector('simple', 'c' || i), point(-i, i)
     FROM generate_series(1, 3000) i`,
  'VACUUM words',
  'DELETE FROM shrinks WHERE i > 100',
  'VACUUM (FREEZE) shrinks',
  `INSERT INTO shrinks ${rows(9000, 9500)}`,
  'VACUUM FULL rewritten',
  'TRUNCATE emptied',
  'TRUNCATE refilled',
  `INSERT INTO refilled ${rows(1, 30)}`,
  'DROP TABLE dropped',
  `CREATE TABLE made AS ${rows(1, 4000)}`,
  'CREATE INDEX made_i ON made (i)',
  'CREATE TABLE made_and_gone AS SELECT 1 AS one',
  'DROP TABLE made_and_gone',
  `UPDATE big SET t = t || 'more' WHERE id > 90`,
  'DELETE FROM big WHERE id < 20',
  'CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000)',
  'INSERT INTO parts SELECT i, i FROM generate_series(1000, 1999) i',
  'ALTER TABLE parts DETACH PARTITION parts_1',
  'UPDATE unlogged SET p = point(0, id) WHERE id > 100',
  `UPDATE placed SET i = -i WHERE i < 50`,
  'ALTER TABLE moved SET TABLESPACE elsewhere',
  'CREATE SEQUENCE more_counts',
  `SELECT nextval('more_counts') FROM generate_series(1, 40)`,
  `SELECT nextval('counts') FROM generate_series(1, 5)`,
  'CREATE ROLE newcomer',
  'BEGIN',
  `INSERT INTO busy ${rows(50_000, 52_000)}`,
  'ROLLBACK',
  'ANALYZE',
];

/** Of relations that have no type of their rows. */
const ROWS: Readonly<Record<string, string>> = {
  S: 'ROW(last_value, is_called)',
  t: 'ROW(chunk_id, chunk_seq, chunk_data)',
};

/** Of every table and sequence, the system's included: how many rows, and a sum of their hashes. */
export async function fingerprints(db: Db): Promise<Row[]> {
  const relations = await db.query<{ name: string; kind: string }>(
    `SELECT oid::regclass::text AS name, relkind::text AS kind FROM pg_class
     WHERE relkind IN ('r', 'm', 'S', 't') AND relpersistence = 'p' ORDER BY 1`,
  );
  const found: Row[] = [];
  for (const { name, kind } of relations) {
    const row = ROWS[kind] ?? 't';
    const [sum] = await db.query(
      `SELECT count(*)::text AS rows, sum(hashtextextended(${row}::text, 0))::text AS hash
       FROM ${name} t`,
    );
    found.push({ name, ...sum });
  }
  return found;
}

/** Indexes and tables agree, as far as the server comes with amcheck. */
export async function checkEverything(db: Db): Promise<void> {
  const [amcheck] = await db.query(`SELECT FROM pg_available_extensions WHERE name = 'amcheck'`);
  if (amcheck !== undefined) {
    await db.execute('CREATE SCHEMA checked; CREATE EXTENSION amcheck SCHEMA checked');
    await db.query(
      `SELECT checked.bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
       WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relpersistence <> 't'`,
    );
    const bad = await db.query(
      `SELECT c.relname, h.msg FROM pg_class c, LATERAL checked.verify_heapam(c.oid) h
       WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't'`,
    );
    if (bad.length > 0) throw new Error(JSON.stringify(bad.slice(0, 5)));
    await db.execute('DROP EXTENSION amcheck; DROP SCHEMA checked');
  }
  for (const [query, index] of BY_INDEX) {
    await db.execute('SET enable_seqscan = on; SET enable_indexscan = off');
    await db.execute('SET enable_bitmapscan = off; SET enable_indexonlyscan = off');
    const plain = await db.query(query);
    await db.execute('RESET ALL; SET search_path = public; SET enable_seqscan = off');
    const plan = JSON.stringify(await db.query(`EXPLAIN ${query}`));
    if (!plan.includes(index)) throw new Error(`${index} is not used: ${plan}`);
    const indexed = await db.query(query);
    if (JSON.stringify(plain) !== JSON.stringify(indexed)) throw new Error(`${index} is wrong`);
  }
  await db.execute('RESET ALL; SET search_path = public');
}

const BY_INDEX: readonly (readonly [string, string])[] = [
  ['SELECT count(*), sum(id) FROM busy WHERE v = 7', 'busy_'],
  ['SELECT count(*), sum(v) FROM busy WHERE id > 2000', 'busy_'],
  [`SELECT count(*), sum(id) FROM words WHERE w @@ 'b3'`, 'words_gin'],
  [`SELECT count(*), sum(id) FROM words WHERE p <@ box '(-900,0),(2000,2000)'`, 'words_'],
  ['SELECT count(*), min(i) FROM made WHERE i > 100', 'made_i'],
];
