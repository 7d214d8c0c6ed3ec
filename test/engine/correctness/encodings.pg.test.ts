/**
 * Sessions with another client_encoding than the server's: what they read, write and fold is the
 * same.
 */
import { describe, expect, inject, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { createImat } from '../../../engine/index.ts';
import { lacks } from '../../setup/database.ts';
import type { Subject } from './support/bench.ts';
import { useBench } from './support/bench.ts';

const bench = useBench(`
  CREATE EXTENSION citext;
  CREATE TYPE colour AS ENUM ('grün', '赤');
  CREATE TYPE pairing AS (name text, at date);
  CREATE DOMAIN word AS text;
  CREATE TABLE v (
    id int, t text, c citext, j json, b jsonb, a text[], x ${lacks('xml') ? 'text' : 'xml'},
    e colour, p pairing, w word, n name, h char(4), s tsvector, ea colour[], d date, f float8
  );
`);

const COLUMNS = ['t', 'c', 'j', 'b', 'a', 'x', 'e', 'w', 'n', 'h', 's', 'ea', 'd', 'f'];
const ROWS = `INSERT INTO v
  SELECT n, 'ä名' || n % 3, 'Ä' || n % 2, '{"ö": 1}', '{"ü": "名"}', ARRAY['ß', '名'], '<é/>', '赤',
    ROW('ö'::text, '2024-01-01'::date)::pairing, 'ñ', 'ø', 'å', 'ä:1', ARRAY['grün', '赤']::colour[],
    '2024-01-01'::date + n % 2, n % 2`;

/** Statements in ASCII only: what they touch is not. */
const STEPS = [
  'UPDATE v SET id = id + 1',
  "UPDATE v SET t = t || 'x', d = d + 1 WHERE id % 2 = 0",
  "UPDATE v SET c = 'a', b = b || '{\"k\": 1}', a = a || a, h = 'b' WHERE id % 3 = 0",
  'INSERT INTO v SELECT * FROM v WHERE id < 4',
  'DELETE FROM v WHERE id % 4 = 1',
  "UPDATE v SET j = '{}', x = '<a/>', e = ('gr' || chr(252) || 'n')::colour WHERE id = 2",
  'DELETE FROM v',
];

async function everybody(subjects: readonly Subject[], sessions: readonly Db[]): Promise<void> {
  for (const subject of subjects) for (const db of sessions) await bench.check(subject, db);
}

describe('client_encoding', () => {
  test.each(['LATIN1', 'WIN1252', 'SQL_ASCII', 'EUC_JP'])('%s', async (encoding) => {
    await bench.user.execute(`TRUNCATE v; ${ROWS} FROM generate_series(1, 8) n`);
    const subjects: Subject[] = [];
    subjects.push(await bench.convert(`SELECT ${COLUMNS.join(', ')} FROM v`));
    for (const column of ['t', 'c', 'b', 'a', 'e', 'w', 'h', 's', 'ea'])
      subjects.push(
        await bench.convert(`SELECT ${column}, count(*) AS n FROM v GROUP BY ${column}`, {
          ambiguous: ['c'],
        }),
      );
    subjects.push(
      await bench.convert(
        'SELECT count(p) AS p, count(j) AS j, count(x) AS x, sum(10 / nullif(id, 0)) AS s FROM v',
      ),
    );
    const rows = await bench.convert('SELECT p FROM v', { strategy: 'swap' });
    expect(rows.converted.reasons.map((reason) => reason.kind)).toEqual(['key_not_sortable']);
    const other = await bench.connect();
    await other.execute(`SET client_encoding = '${encoding}'`);
    for (const [index, step] of STEPS.entries()) {
      await [bench.user, other][index % 2]?.execute(step);
      await everybody(subjects, [bench.user, other]);
      if (index % 3 !== 2)
        for (const subject of subjects) await other.query(`CALL imat.fold('${subject.name}')`);
      await everybody(subjects, [bench.user, other]);
    }
    await bench.fold();
    await everybody(subjects, [bench.user, other]);
  });
});

test.each(['LATIN1', 'EUC_KR', 'SQL_ASCII'])(
  'a database with the encoding %s',
  async (encoding) => {
    const name = `in_${encoding.toLowerCase()}`;
    await bench.user.execute(
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}'
       LC_COLLATE 'C' LC_CTYPE 'C' STRATEGY FILE_COPY`,
    );
    const url = new URL(inject('postgresUrl'));
    url.pathname = `/${name}`;
    const db = await connectDb({ kind: 'url', url: url.href });
    const imat = createImat(db);
    try {
      await db.execute(
        `CREATE TABLE public.v (id int PRIMARY KEY, t text);
       CREATE MATERIALIZED VIEW public.m AS SELECT t, count(*) AS n FROM public.v GROUP BY t`,
      );
      await imat.convert('public.m', { replace: true });
      await imat.create('s', 'SELECT id FROM public.v TABLESAMPLE SYSTEM (100)');
      await db.execute("INSERT INTO public.v VALUES (1, '\u00a7'), (2, 'a'), (3, 'a')");
      expect(await imat.verify('m')).toMatchObject({ results: [{ equal: true, rows: 2 }] });
      await imat.fold('m');
      await imat.swap('s');
      await db.execute('DROP VIEW public.m');
      expect((await imat.doctor()).checks.map(({ message }) => message).join()).toContain(
        'the view in the place of the original was dropped',
      );
      await imat.repair('m');
      expect(await imat.verify()).toMatchObject({ results: [{ equal: true }, { equal: true }] });
      for (const made of ['m', 's']) await imat.revert(made);
    } finally {
      await db.close();
      await bench.user.execute(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  },
);
