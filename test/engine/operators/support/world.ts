/** Two small tables with captured changes, trees over them, and what their rows are. */
import { IN_PLACE } from '../../../../engine/operators/pending.ts';
import { beforeAll } from 'vitest';
import type { Aggregate, Expr } from '../../../../parser/tree.ts';
import type { ColumnFacts, SourceFacts } from '../../../../engine/algebra/facts.ts';
import type { Column, ColumnId, Node, Output, Scan } from '../../../../engine/algebra/node.ts';
import { columnsOf, reference } from '../../../../engine/algebra/node.ts';
import { loadColumns } from '../../../../engine/server/columns.ts';
import type { Netting, Pending } from '../../../../engine/operators/pending.ts';
import { fragment, literal, sql } from '../../../../engine/sql/sql.ts';
import type { Sql } from '../../../../engine/sql/sql.ts';
import { FOLD, useBench } from '../../correctness/support/bench.ts';
import type { Bench } from '../../correctness/support/bench.ts';
import { oneOf, randomFor, randomHistory } from '../../correctness/support/random.ts';
import type { Writable } from '../../correctness/support/random.ts';

const SETUP = `
  CREATE TABLE a (k int, x numeric, t text, weight int);
  CREATE TABLE b (k int, y int);
  INSERT INTO a VALUES (1, 1.0, 'p', 1), (1, 1.00, 'p', 1), (2, NULL, NULL, 2), (NULL, 3, 'q', 3);
  INSERT INTO b VALUES (1, 10), (1, 20), (2, 30), (NULL, 40)`;

const WRITABLE: readonly Writable[] = [
  {
    table: 'a',
    columns: {
      k: oneOf('1', '2', '3'),
      x: oneOf('1.0', '1.00', '2', '-3.5'),
      t: oneOf("'p'", "'q'"),
      weight: oneOf('1', '2'),
    },
  },
  { table: 'b', columns: { k: oneOf('1', '2', '3'), y: oneOf('10', '20', '30') } },
];

/** What the trees are made of; the database is there only once the tests run. */
export type World = {
  readonly scan: (table: 'a' | 'b', number: number) => Scan;
  readonly logOf: Pending['logOf'];
};
let world: World;

/** The bench of a test file with the tables; the trees can be made in its tests. */
export function useWorld(): Bench {
  const bench = useBench(SETUP);
  beforeAll(async () => {
    const tables = await bench.session.query<{ oid: number; name: string }>(
      `SELECT c.oid, c.relname::text AS name
       FROM pg_class c
       WHERE c.oid IN ('public.a'::regclass, 'public.b'::regclass)`,
    );
    const columns = await loadColumns(
      bench.session,
      tables.map(({ oid }) => oid),
    );
    world = {
      scan: (table, number) => {
        const oid = tables.find(({ name }) => name === table)?.oid ?? 0;
        const facts: readonly ColumnFacts[] = columns.get(oid) ?? [];
        const source: SourceFacts = {
          oid,
          schema: 'public',
          name: table,
          parts: null,
          used: null,
          columns: facts,
        };
        return {
          op: 'scan',
          source,
          number,
          label: table,
          columns: facts.map((one) => ({
            column: column(number * 10 + one.attnum, one.name),
            facts: one,
          })),
          timed: [],
          span: null,
        };
      },
      logOf: (oid) =>
        fragment(`imat_store.log_public_${tables.find((one) => one.oid === oid)?.name ?? ''}`),
    };
  });
  return bench;
}

export const scan = (table: 'a' | 'b', number: number): Scan => world.scan(table, number);

export const column = (id: number, name: string): Column => ({
  id: id as ColumnId,
  name,
  span: null,
});
export const col = (node: Node, name: string): Expr => {
  const found = columnsOf(node).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no column ${name}`);
  return reference(found);
};
export const number = (value: string): Expr => ({ kind: 'literal', sql: value, span: null });
export const binary = (op: string, left: Expr, right: Expr): Expr => ({
  kind: 'binary',
  op,
  left,
  right,
  span: null,
});
export const output = (id: number, name: string, expr: Expr): Output => ({
  column: column(id, name),
  expr,
});
const aggregate = (name: string, args: readonly Expr[]): Aggregate => ({
  kind: 'aggregate',
  schema: null,
  name,
  args,
  star: args.length === 0,
  variadic: false,
  distinct: false,
  orderBy: [],
  withinGroup: false,
  filter: null,
  span: null,
});

export function joined(count: 2 | 4): Node {
  const [a, b] = [scan('a', 1), scan('b', 2)];
  if (count === 2)
    return { op: 'join', inputs: [a, b], conditions: [binary('=', col(a, 'k'), col(b, 'k'))] };
  const [c, d] = [scan('a', 3), scan('b', 4)];
  const same = [b, c, d].map((one) => binary('=', col(a, 'k'), col(one, 'k')));
  return { op: 'join', inputs: [a, b, c, d], conditions: same };
}

export const filtered = (): Node => {
  const a = scan('a', 1);
  return { op: 'filter', input: a, conditions: [binary('>', col(a, 'x'), number('0'))] };
};
export const projected = (): Node => {
  const input = filtered();
  const twice = output(101, 'twice', binary('*', col(input, 'x'), number('2')));
  return { op: 'project', input, outputs: [output(100, 't', col(input, 't')), twice] };
};
export const grouped = (keys: boolean): Node => {
  const input = joined(2);
  const sum = output(112, 'argument', col(input, 'x'));
  return {
    op: 'group',
    input,
    keys: keys ? [output(110, 't', col(input, 't'))] : [],
    aggregates: [
      { column: column(111, 'count'), call: aggregate('count', []), args: [] },
      { column: column(113, 'sum'), call: aggregate('sum', [sum.expr]), args: [sum] },
    ],
  };
};

export const NETTINGS: readonly Netting[] = ['logged', 'cancelled', 'fenced'];

export const pendingSince = (frontier: string): Pending => ({
  frontier: sql`${literal(frontier)}::pg_snapshot`,
  logOf: world.logOf,
  moment: sql`pg_catalog.now()`,
  ...IN_PLACE,
});

/** A log does not have a truncation as rows, so these delete. */
export const history = (seed: string) =>
  randomHistory(randomFor(seed), WRITABLE, 12)
    .filter((step) => step !== FOLD)
    .map((step) => step.replace(/^TRUNCATE/, 'DELETE FROM'));

export async function frontier(bench: Bench): Promise<string> {
  const [row] = await bench.user.query<{ now: string }>(
    'SELECT pg_current_snapshot()::text AS now',
  );
  return row?.now ?? '';
}

/** Capture on both tables with all columns. */
export const watch = (bench: Bench) =>
  bench.convert('SELECT a.k, a.x, a.t, a.weight, b.k AS bk, b.y FROM a, b WHERE a.weight = b.k');

export type Row = { readonly content: string; readonly weight: number };
export const read = (bench: Bench, query: Sql): Promise<Row[]> => bench.user.query<Row>(query.text);
