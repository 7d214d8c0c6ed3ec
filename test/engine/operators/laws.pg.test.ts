/**
 * The laws of `engine/operators/rule.ts`, for every operator. The oracle is SQL written by hand
 * beside each tree and run by PostgreSQL in the same session. An operator without a tree does not
 * compile.
 */
import { describe, expect, test } from 'vitest';
import type { Node } from '../../../engine/algebra/node.ts';
import { columnsOf } from '../../../engine/algebra/node.ts';
import { rewrite } from '../../../engine/algebra/rewrites/all.ts';
import { faceOf, RULES } from '../../../engine/operators/all.ts';
import { joinTerms } from '../../../engine/operators/join.ts';
import type { Pending } from '../../../engine/operators/pending.ts';
import type { Shape, Term } from '../../../engine/operators/rule.ts';
import { columnOf, conditions } from '../../../engine/operators/rule.ts';
import { fragment, join, sql } from '../../../engine/sql/sql.ts';
import type { Sql } from '../../../engine/sql/sql.ts';
import { TREES } from './support/trees.ts';
import type { Row } from './support/world.ts';
import {
  frontier,
  history,
  NETTINGS,
  pendingSince,
  read,
  useWorld,
  watch,
} from './support/world.ts';

const bench = useWorld();

/** Rows as text with how often they occur, counted by the sum of `weight`. */
const counted = (rows: Sql): Sql =>
  sql`SELECT q.content, pg_catalog.sum(q.weight)::int AS weight
    FROM (${rows}) AS q
    GROUP BY 1
    HAVING pg_catalog.sum(q.weight) <> 0
    ORDER BY 1`;

const content = (shape: Shape, node: Node): Sql =>
  sql`ROW(${join(
    columnsOf(node).map((one) => columnOf(shape, one.id)),
    ', ',
  )})::text AS content`;

function rowsNow(node: Node): Sql {
  const { shape, now } = faceOf(node, null);
  return sql`SELECT ${content(shape, node)}, 1 AS weight
    FROM ${join(now.from, ', ')}${conditions(now.where)}`;
}

const rowsOf = (node: Node, shape: Shape, terms: readonly Term[]): Sql =>
  join(
    terms.map(
      (term) =>
        sql`SELECT ${content(shape, node)}, ${term.weight} AS weight
          FROM ${join(term.from, ', ')}${conditions(term.where)}`,
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

const oracleOf = (query: string): Promise<Row[]> =>
  read(
    bench,
    counted(sql`SELECT ROW(o.*)::text AS content, 1 AS weight FROM (${fragment(query)}) AS o`),
  );

describe.each(Object.values(TREES).flat())('$name', ({ name, node, oracle }) => {
  test('its rows are what PostgreSQL computes, and those before plus its change', async () => {
    await watch(bench);
    const tree = node();
    const pending = pendingSince(await frontier(bench));
    await bench.user.execute(
      `DROP TABLE IF EXISTS before; CREATE TEMPORARY TABLE before AS ${rowsNow(tree).text}`,
    );
    for (const change of changesOf(tree, pending))
      expect(await read(bench, counted(change))).toEqual([]);
    for (const step of history(name)) {
      await bench.user.execute(step);
      if (/^(BEGIN|SAVEPOINT|ROLLBACK TO)/.test(step)) continue;
      const now = await read(bench, counted(rowsNow(tree)));
      expect(now, step).toEqual(await oracleOf(oracle));
      for (const change of changesOf(tree, pending))
        expect(await read(bench, counted(sql`TABLE before UNION ALL ${change}`)), step).toEqual(
          now,
        );
    }
    await bench.user.execute('ROLLBACK');
  });

  test('the rewrites change no row', async () => {
    await watch(bench);
    const rewritten = rewrite(node());
    for (const step of history(`rewritten ${name}`)) {
      await bench.user.execute(step);
      if (/^(BEGIN|SAVEPOINT|ROLLBACK TO)/.test(step)) continue;
      expect(await read(bench, counted(rowsNow(rewritten))), step).toEqual(await oracleOf(oracle));
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
