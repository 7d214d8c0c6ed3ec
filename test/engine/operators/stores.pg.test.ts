/** The laws of stores: what is stored and a change of the input are what is stored from scratch. */
import { describe, expect, test } from 'vitest';
import type { TypeFacts } from '../../../engine/algebra/facts.ts';
import type { ColumnId, Node } from '../../../engine/algebra/node.ts';
import { columnsOf } from '../../../engine/algebra/node.ts';
import { faceOf } from '../../../engine/operators/all.ts';
import { bagStore } from '../../../engine/operators/bag.ts';
import { groupStore } from '../../../engine/operators/group.ts';
import type { Store } from '../../../engine/operators/store.ts';
import {
  contributions,
  fromScratch,
  stateColumns,
  summed,
} from '../../../engine/operators/store.ts';
import { ident, join, sql } from '../../../engine/sql/sql.ts';
import type { Sql } from '../../../engine/sql/sql.ts';
import {
  frontier,
  grouped,
  history,
  NETTINGS,
  pendingSince,
  projected,
  read,
  scan,
  useWorld,
  watch,
} from './support/world.ts';

const bench = useWorld();

/** Facts of the columns by which the stores below are made. */
function typesOf(tree: Node) {
  const facts = new Map<string, TypeFacts>(
    ['a' as const, 'b' as const].flatMap((table) =>
      scan(table, 1).columns.map((one) => [one.facts.name, one.facts] as const),
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
    reaches: () => null,
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
  test('what is stored plus what the change adds is the content from scratch', async () => {
    await watch(bench);
    const tree = node();
    if (tree.op !== 'group' && tree.op !== 'project') throw new Error(`${tree.op} has no store`);
    const pending = pendingSince(await frontier(bench));
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
      const now = await read(bench, stateOf(store, scratch));
      for (const netting of NETTINGS) {
        const columns = join(stateColumns(store).map(ident), ', ');
        const rows = contributions(store, face.change(netting));
        const both = summed(
          store,
          sql`SELECT ${columns} FROM stored UNION ALL SELECT ${columns} FROM (${rows}) AS c`,
        );
        expect(await read(bench, stateOf(store, both)), step).toEqual(now);
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
  return sql`SELECT ROW(${join(values, ', ')})::text AS content, 1 AS weight
    FROM (${rows}) AS q${some}
    ORDER BY 1`;
}
