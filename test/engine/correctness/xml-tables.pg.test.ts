/** XMLTABLE in FROM: what is maintained, and what depends on more than the document. */
import { describe, expect, test } from 'vitest';
import { lacks } from '../../setup/database.ts';
import { useBench } from './support/bench.ts';
import { oneOf, randomFor, randomHistory } from './support/random.ts';

const bench = useBench(`
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE TABLE message (
    id serial PRIMARY KEY, kind text, body text,
    content ${lacks('xml') ? 'text' : 'xml'}
  );
  CREATE TABLE unit (code text, factor int);
`);

const row = (id: number, inner: string): string => `<row id="${id}" m="happy">${inner}</row>`;
const TABLES = [
  {
    table: 'message',
    columns: {
      kind: oneOf(`'a'`, `'b'`),
      content: oneOf(
        `'<rows>${row(1, '<name>x</name><n>1.50</n>')}${row(2, '<n>2</n>')}</rows>'`,
        `'<rows>${row(3, '<name>y</name><n>7</n>')}${row(1, '<name>y &amp; z</name>')}</rows>'`,
        `'<rows/>'`,
        `'<p:rows xmlns:p="http://example.org"><p:row id="5"/></p:rows>'`,
      ),
      body: oneOf(`'<rows>${row(4, '')}</rows>'`, `'<rows/>'`),
    },
  },
  { table: 'unit', columns: { code: oneOf(`'x'`, `'y'`), factor: oneOf('1', '2') } },
];

const ROWS = `XMLTABLE('/rows/row' PASSING m.content COLUMNS row_id int PATH '@id',
  name text PATH 'name' DEFAULT m.kind, n numeric(8, 2) PATH 'n', place FOR ORDINALITY)`;
const MAINTAINED = {
  rows: `SELECT m.id, r.* FROM message m, ${ROWS} r`,
  groups: `SELECT r.name, sum(r.n) AS n, count(*) AS c FROM message m CROSS JOIN ${ROWS} AS r
    GROUP BY r.name`,
  left: `SELECT m.id, r.tag FROM message m LEFT JOIN LATERAL XMLTABLE(
      XMLNAMESPACES('http://example.org' AS p), '/p:rows/p:row' PASSING m.content
      COLUMNS tag text PATH '@id') r ON true`,
  types: `SELECT m.id, r.m, r.m::text AS shown, r.f, r.present FROM message m, XMLTABLE('//row'
      PASSING m.content COLUMNS m mood PATH '@m', f float8 PATH 'n', present bool PATH 'n > 1') r`,
  parsed: `SELECT m.id, r.row_id FROM message m, XMLTABLE('/rows/row'
      PASSING (XMLPARSE(DOCUMENT m.body)) COLUMNS row_id int PATH '@id' NOT NULL) r`,
  joined: `SELECT r.name, u.factor, count(*) AS c, max(r.n) AS top FROM message m, ${ROWS} r
    LEFT JOIN unit u ON u.code = r.name GROUP BY r.name, u.factor`,
  scalar: `SELECT m.id, (SELECT string_agg(r.name, ',' ORDER BY r.place) FROM ${ROWS} r) AS names,
      rank() OVER (PARTITION BY m.kind ORDER BY m.id) AS place FROM message m`,
  ranked: `WITH found AS (SELECT m.kind, r.name, r.n FROM message m, ${ROWS} r WHERE r.n > 1)
    SELECT kind, name, n, sum(n) OVER (PARTITION BY kind ORDER BY name, n) AS total FROM found`,
  constant: `SELECT u.code, r.a FROM unit u, XMLTABLE('/r' PASSING (XMLPARSE(CONTENT '<r a="1"/>'))
      COLUMNS a int PATH '@a') r WHERE r.a = u.factor`,
};

describe.skipIf(lacks('xml'))('XMLTABLE', () => {
  test('is maintained', async () => {
    for (const definition of Object.values(MAINTAINED)) {
      const { converted } = await bench.convert(definition);
      expect(converted, definition).toMatchObject({ strategy: 'delta' });
    }
    await bench.run(randomHistory(randomFor('tables of XML'), TABLES, 60));
  });

  test.each([
    ['dates, because "today" is one', 'd date', `"xml::date"`],
    ['XML, which XMLOPTION reads', `d xml`, `"xml::xml"`],
  ])('what is swapped: %s', async (_what, column, reason) => {
    const { converted } = await bench.convert(
      `SELECT m.id, r.d::text FROM message m, XMLTABLE('//row' PASSING m.content
        COLUMNS ${column} PATH '@d') r`,
      { strategy: 'swap' },
    );
    expect(JSON.stringify(converted.reasons)).toContain(JSON.stringify(reason).slice(1, -1));
  });
});
