/**
 * Sessions with another client_encoding than the server's: what they read, write and fold is the
 * same.
 */
import { describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
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
