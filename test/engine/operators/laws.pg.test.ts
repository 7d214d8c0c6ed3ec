/**
 * The laws of `engine/operators/rule.ts`, for every operator. The oracle is SQL written by hand
 * beside each tree and run by PostgreSQL in the same session. An operator without a tree here does
 * not compile.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Aggregate, Expr } from '../../../parser/tree.ts';
import type { ColumnFacts, SourceFacts, TypeFacts } from '../../../engine/algebra/facts.ts';
import type { Column, ColumnId, Node, Op, Output, Scan } from '../../../engine/algebra/node.ts';
import { columnsOf, reference } from '../../../engine/algebra/node.ts';
import { rewrite } from '../../../engine/algebra/rewrites/all.ts';
import { loadColumns } from '../../../engine/server/columns.ts';
import { faceOf, RULES } from '../../../engine/operators/all.ts';
import { bagStore } from '../../../engine/operators/bag.ts';
import { groupStore } from '../../../engine/operators/group.ts';
import { joinTerms } from '../../../engine/operators/join.ts';
import type { Netting, Pending } from '../../../engine/operators/pending.ts';
import type { Shape, Term } from '../../../engine/operators/rule.ts';
import { columnOf, conditions } from '../../../engine/operators/rule.ts';
import type { Store } from '../../../engine/operators/store.ts';
import {
  contributions,
  fromScratch,
  stateColumns,
  summed,
} from '../../../engine/operators/store.ts';
import { fragment, ident, join, literal, sql } from '../../../engine/sql/sql.ts';
import type { Sql } from '../../../engine/sql/sql.ts';
import { useBench } from '../correctness/support/bench.ts';
import { oneOf, randomFor, randomHistory } from '../correctness/support/random.ts';
import type { Writable } from '../correctness/support/random.ts';
import { FOLD } from '../correctness/support/bench.ts';

const bench = useBench(`
  CREATE TABLE a (k int, x numeric, t text, weight int);
  CREATE TABLE b (k int, y int);
  INSERT INTO a VALUES (1, 1.0, 'p', 1), (1, 1.00, 'p', 1), (2, NULL, NULL, 2), (NULL, 3, 'q', 3);
  INSERT INTO b VALUES (1, 10), (1, 20), (2, 30), (NULL, 40)`);

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
type World = {
  readonly scan: (table: 'a' | 'b', number: number) => Scan;
  readonly logOf: Pending['logOf'];
};
let world: World;
beforeAll(async () => {
  const tables = await bench.session.query<{ oid: number; name: string }>(
    `SELECT c.oid, c.relname::text AS name FROM pg_class c WHERE c.oid IN ('public.a'::regclass, 'public.b'::regclass)`,
  );
  const columns = await loadColumns(
    bench.session,
    tables.map(({ oid }) => oid),
  );
  world = {
    scan: (table, number) => {
      const oid = tables.find(({ name }) => name === table)?.oid ?? 0;
      const facts: readonly ColumnFacts[] = columns.get(oid) ?? [];
      const source: SourceFacts = { oid, schema: 'public', name: table, columns: facts };
      return {
        op: 'scan',
        source,
        number,
        label: table,
        columns: facts.map((one) => ({
          column: column(number * 10 + one.attnum, one.name),
          facts: one,
        })),
        span: null,
      };
    },
    logOf: (oid) =>
      fragment(`imat_store.log_public_${tables.find((one) => one.oid === oid)?.name ?? ''}`),
  };
});

const column = (id: number, name: string): Column => ({ id: id as ColumnId, name, span: null });
const col = (node: Node, name: string): Expr => {
  const found = columnsOf(node).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no column ${name}`);
  return reference(found);
};
const number = (value: string): Expr => ({ kind: 'literal', sql: value, span: null });
const binary = (op: string, left: Expr, right: Expr): Expr => ({
  kind: 'binary',
  op,
  left,
  right,
  span: null,
});
const output = (id: number, name: string, expr: Expr): Output => ({
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

type Tree = { readonly name: string; readonly node: () => Node; readonly oracle: string };

function joined(count: 2 | 4): Node {
  const [a, b] = [world.scan('a', 1), world.scan('b', 2)];
  if (count === 2)
    return { op: 'join', inputs: [a, b], conditions: [binary('=', col(a, 'k'), col(b, 'k'))] };
  const [c, d] = [world.scan('a', 3), world.scan('b', 4)];
  const same = [b, c, d].map((one) => binary('=', col(a, 'k'), col(one, 'k')));
  return { op: 'join', inputs: [a, b, c, d], conditions: same };
}

const filtered = (): Node => {
  const a = world.scan('a', 1);
  return { op: 'filter', input: a, conditions: [binary('>', col(a, 'x'), number('0'))] };
};
const projected = (): Node => {
  const input = filtered();
  const twice = output(101, 'twice', binary('*', col(input, 'x'), number('2')));
  return { op: 'project', input, outputs: [output(100, 't', col(input, 't')), twice] };
};
const grouped = (keys: boolean): Node => {
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

const TREES: { readonly [K in Op]: readonly Tree[] } = {
  scan: [{ name: 'a table', node: () => world.scan('a', 1), oracle: 'SELECT * FROM a' }],
  filter: [
    { name: 'a filter', node: filtered, oracle: 'SELECT * FROM a WHERE x > 0' },
    {
      name: 'a filter over a join',
      node: () => {
        const input = joined(2);
        return { op: 'filter', input, conditions: [binary('>', col(input, 'x'), col(input, 'y'))] };
      },
      oracle: 'SELECT * FROM a JOIN b ON a.k = b.k WHERE a.x > b.y',
    },
  ],
  project: [
    { name: 'a projection', node: projected, oracle: 'SELECT t, x * 2 FROM a WHERE x > 0' },
  ],
  join: [
    { name: 'two tables', node: () => joined(2), oracle: 'SELECT * FROM a JOIN b ON a.k = b.k' },
    {
      name: 'four occurrences of two tables',
      node: () => joined(4),
      oracle: 'SELECT * FROM a, b, a c, b d WHERE a.k = b.k AND a.k = c.k AND a.k = d.k',
    },
    {
      name: 'a filter and a table',
      node: () => {
        const [a, b] = [filtered(), world.scan('b', 2)];
        const on = binary('=', col(a, 'k'), col(b, 'k'));
        return { op: 'join', inputs: [a, b], conditions: [on] };
      },
      oracle: 'SELECT * FROM (SELECT * FROM a WHERE x > 0) a JOIN b ON a.k = b.k',
    },
  ],
  group: [
    {
      name: 'groups',
      node: () => grouped(true),
      oracle: 'SELECT a.t, count(*), sum(a.x) FROM a JOIN b ON a.k = b.k GROUP BY a.t',
    },
    {
      name: 'no keys',
      node: () => grouped(false),
      oracle: 'SELECT count(*), sum(a.x) FROM a JOIN b ON a.k = b.k',
    },
  ],
  distinct: [
    {
      name: 'each row once',
      node: () => ({ op: 'distinct', input: projected() }),
      oracle: 'SELECT DISTINCT t, x * 2 FROM a WHERE x > 0',
    },
  ],
  derived: [
    {
      name: 'a view that is joined',
      node: () => {
        const view: Node = { op: 'derived', input: projected(), name: 'v', span: null };
        const b = world.scan('b', 2);
        const on = binary('=', col(view, 'twice'), col(b, 'k'));
        const inner: Node = { op: 'join', inputs: [view, b], conditions: [on] };
        return {
          op: 'project',
          input: inner,
          outputs: [output(120, 't', col(inner, 't')), output(121, 'y', col(inner, 'y'))],
        };
      },
      oracle:
        'SELECT v.t, b.y FROM (SELECT t, x * 2 AS twice FROM a WHERE x > 0) v JOIN b ON v.twice = b.k',
    },
    {
      name: 'a view',
      node: () => ({ op: 'derived', input: filtered(), name: 'v', span: null }),
      oracle: 'SELECT * FROM a WHERE x > 0',
    },
  ],
};

const NETTINGS: readonly Netting[] = ['logged', 'cancelled', 'fenced'];

const pendingSince = (frontier: string): Pending => ({
  frontier: sql`${literal(frontier)}::pg_snapshot`,
  logOf: world.logOf,
  changed: null,
});

/** Rows as text with how often they occur, counted by the sum of `weight`. */
const counted = (rows: Sql): Sql =>
  sql`SELECT q.content, pg_catalog.sum(q.weight)::int AS weight FROM (${rows}) AS q GROUP BY 1 HAVING pg_catalog.sum(q.weight) <> 0 ORDER BY 1`;

const content = (shape: Shape, node: Node): Sql =>
  sql`ROW(${join(
    columnsOf(node).map((one) => columnOf(shape, one.id)),
    ', ',
  )})::text AS content`;

function rowsNow(node: Node): Sql {
  const { shape, now } = faceOf(node, null);
  return sql`SELECT ${content(shape, node)}, 1 AS weight FROM ${join(now.from, ', ')}${conditions(now.where)}`;
}

const rowsOf = (node: Node, shape: Shape, terms: readonly Term[]): Sql =>
  join(
    terms.map(
      (term) =>
        sql`SELECT ${content(shape, node)}, ${term.weight} AS weight FROM ${join(term.from, ', ')}${conditions(term.where)}`,
    ),
    ' UNION ALL ',
  );

/** The change of a node in every form that its rule has. */
function changesOf(node: Node, pending: Pending): readonly Sql[] {
  if (RULES[node.op].change === null) return [];
  const face = faceOf(node, pending);
  const forms = NETTINGS.map((netting) => face.change(netting));
  if (node.op === 'join') {
    const inputs = node.inputs.map((input) => faceOf(input, pending));
    for (const form of ['expanded', 'telescoped'] as const)
      forms.push(joinTerms(node, inputs, pending, 'cancelled', form));
  }
  return forms.map((terms) => rowsOf(node, face.shape, terms));
}

type Row = { readonly content: string; readonly weight: number };
const read = (query: Sql): Promise<Row[]> => bench.user.query<Row>(query.text);
const oracleOf = (query: string): Promise<Row[]> =>
  read(counted(sql`SELECT ROW(o.*)::text AS content, 1 AS weight FROM (${fragment(query)}) AS o`));

const history = (seed: string) =>
  randomHistory(randomFor(seed), WRITABLE, 12).filter((step) => step !== FOLD);

async function frontier(): Promise<string> {
  const [row] = await bench.user.query<{ now: string }>(
    'SELECT pg_current_snapshot()::text AS now',
  );
  return row?.now ?? '';
}

/** Capture on both tables with all columns. */
const watch = () =>
  bench.convert('SELECT a.k, a.x, a.t, a.weight, b.k AS bk, b.y FROM a, b WHERE a.weight = b.k');

describe.each(Object.values(TREES).flat())('$name', ({ name, node, oracle }) => {
  test('its rows now are what PostgreSQL computes, and those before plus every form of its change', async () => {
    await watch();
    const tree = node();
    const pending = pendingSince(await frontier());
    await bench.user.execute(
      `DROP TABLE IF EXISTS before; CREATE TEMPORARY TABLE before AS ${rowsNow(tree).text}`,
    );
    for (const change of changesOf(tree, pending)) expect(await read(counted(change))).toEqual([]);
    for (const step of history(name)) {
      await bench.user.execute(step);
      if (/^(BEGIN|SAVEPOINT|ROLLBACK TO)/.test(step)) continue;
      const now = await read(counted(rowsNow(tree)));
      expect(now, step).toEqual(await oracleOf(oracle));
      for (const change of changesOf(tree, pending))
        expect(await read(counted(sql`TABLE before UNION ALL ${change}`)), step).toEqual(now);
    }
    await bench.user.execute('ROLLBACK');
  });

  test('the rewrites change no row', async () => {
    await watch();
    const rewritten = rewrite(node());
    for (const step of history(`rewritten ${name}`)) {
      await bench.user.execute(step);
      if (/^(BEGIN|SAVEPOINT|ROLLBACK TO)/.test(step)) continue;
      expect(await read(counted(rowsNow(rewritten))), step).toEqual(await oracleOf(oracle));
    }
    await bench.user.execute('ROLLBACK');
  });

  test('the same node gives the same text', () => {
    const text = (): unknown => [
      faceOf(node(), null).now,
      changesOf(node(), pendingSince('1:1:')).map((change) => change.text),
    ];
    expect(text()).toEqual(text());
  });
});

/** Facts of the columns by which the stores below are made. */
function typesOf(tree: Node) {
  const facts = new Map<string, TypeFacts>(
    ['a' as const, 'b' as const].flatMap((table) =>
      world.scan(table, 1).columns.map((one) => [one.facts.name, one.facts] as const),
    ),
  );
  const known: Readonly<Record<string, string>> = { argument: 'x', twice: 'x', sum: 'x' };
  const named = new Map(
    [
      ...columnsOf(tree),
      ...(tree.op === 'group' ? tree.aggregates : []).flatMap(({ args }) =>
        args.map((one) => one.column),
      ),
    ].map((one) => [one.id, known[one.name] ?? one.name] as const),
  );
  return {
    serverMajor: 15,
    of: (id: ColumnId): TypeFacts => {
      const found = facts.get(named.get(id) ?? '');
      const any = facts.get('k');
      if (found !== undefined) return found;
      if (any === undefined) throw new Error('table a has no column k');
      return { ...any, type: 'bigint', baseType: 'bigint' };
    },
  };
}

const STORED: readonly { readonly name: string; readonly node: () => Node }[] = [
  { name: 'groups', node: () => grouped(true) },
  { name: 'no keys', node: () => grouped(false) },
  { name: 'rows of a projection', node: projected },
];

describe.each(STORED)('the store of $name', ({ name, node }) => {
  test('what is stored plus the contributions of the change is the content from scratch', async () => {
    await watch();
    const tree = node();
    if (tree.op !== 'group' && tree.op !== 'project') throw new Error(`${tree.op} has no store`);
    const pending = pendingSince(await frontier());
    const face = faceOf(tree.input, pending);
    const types = typesOf(tree);
    const store =
      tree.op === 'group'
        ? groupStore(tree, face.shape, types, () => null)
        : bagStore(tree, face.shape, types, () => null);
    if ('reasons' in store) throw new Error(store.reasons.map(({ message }) => message).join());
    const scratch = fromScratch(store, face.now);
    await bench.user.execute(
      `DROP TABLE IF EXISTS stored; CREATE TEMPORARY TABLE stored AS ${scratch.text}`,
    );
    for (const step of history(`stored ${name}`)) {
      await bench.user.execute(step);
      if (/^(BEGIN|SAVEPOINT|ROLLBACK TO)/.test(step)) continue;
      const now = await read(stateOf(store, scratch));
      for (const netting of NETTINGS) {
        const columns = join(stateColumns(store).map(ident), ', ');
        const rows = contributions(store, face.change(netting));
        const both = summed(
          store,
          sql`SELECT ${columns} FROM stored UNION ALL SELECT ${columns} FROM (${rows}) AS c`,
        );
        expect(await read(stateOf(store, both)), step).toEqual(now);
      }
    }
    await bench.user.execute('ROLLBACK');
  });
});

/**
 * Stored rows as text, those left out that a fold would delete; zeros at the end of a sum are no
 * difference.
 */
function stateOf(store: Store, rows: Sql): Sql {
  const values = [
    ...store.identity.columns(store.keys).map((name) => sql`q.${ident(name)}`),
    ...store.parts.map(({ name, type }) =>
      type === 'numeric' ? sql`pg_catalog.trim_scale(q.${ident(name)})` : sql`q.${ident(name)}`,
    ),
  ];
  const [count] = store.parts;
  if (count === undefined) throw new Error('a store counts its rows');
  const some = store.identity.vanishes ? sql` WHERE q.${ident(count.name)} <> 0` : sql``;
  return sql`SELECT ROW(${join(values, ', ')})::text AS content, 1 AS weight FROM (${rows}) AS q${some} ORDER BY 1`;
}
