/**
 * A table expression applied to each row: functions in FROM, VALUES, set-returning functions in
 * SELECT.
 *
 *   now      R x f(R), f being evaluated for each row of R
 *   change   D x f(D), with the weights of D
 *
 * Right because f reads its row and nothing else, so it is linear: what it gives for the rows that
 * stay stays. Without arguments f is a constant. Not covered: functions that are not immutable,
 * whose rows may differ between the time when a row came and when it goes; the planner refuses
 * them. A function that fails for a row is asked only for rows that the definition has, because the
 * input is then asked for `fenced` changes.
 */
import { deparseExpr } from '../../parser/deparse.ts';
import type { Expr } from '../../parser/tree.ts';
import type { NodeOf } from '../algebra/node.ts';
import { idOf } from '../algebra/node.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, sql } from '../sql/sql.ts';
import type { Rows, Rule, Shape } from './rule.ts';
import { columnOf, nothingAgainst, only, typedRelation, written } from './rule.ts';

const aliasOf = (node: NodeOf<'apply'>): string => `f${node.number}`;

export const apply: Rule<'apply'> = {
  shape: (node, inputs) => {
    const input = only(inputs);
    const own = typedRelation(aliasOf(node), node.columns);
    return {
      columns: new Map([...input.columns, ...own.columns]),
      relations: [...input.relations, ...own.relations],
      sources: input.sources,
      label: input.label,
    };
  },
  now: (node, inputs) => applied(node, only(inputs).shape, only(inputs).now),
  change: (node, inputs, _pending, netting) => {
    const input = only(inputs);
    return input.change(netting).map((term) => ({ ...term, ...applied(node, input.shape, term) }));
  },
  against: nothingAgainst,
};

const applied = (node: NodeOf<'apply'>, shape: Shape, { from, where }: Rows): Rows => ({
  from: [...from, tableOf(node, shape)],
  where,
});

function tableOf({ rows, columns, ...node }: NodeOf<'apply'>, shape: Shape): Sql {
  const alias = ident(aliasOf({ rows, columns, ...node }));
  const names = columns.map(({ column }) => ident(`c${column.id}`));
  const list = (exprs: readonly Expr[]): Sql[] => exprs.map((one) => written(one, shape));
  switch (rows.kind) {
    case 'functions': {
      const calls = rows.functions.map(({ call, definitions }) => {
        const text = fragment(deparseExpr(call, (ref) => columnOf(shape, idOf(ref)).text));
        const described = definitions.map(({ name, type, collation }) => {
          const kind = collation === null ? type : `${type} COLLATE ${collation}`;
          return sql`${ident(name)} ${fragment(kind)}`;
        });
        return described.length === 0 ? text : sql`${text} AS (${join(described, ', ')})`;
      });
      const [only] = rows.functions;
      // XMLTABLE is no function.
      if (only?.call.kind === 'syntax_form')
        return sql`LATERAL ${join(calls, '')} AS ${alias}(${join(names, ', ')})`;
      const ordinality = rows.ordinality ? sql` WITH ORDINALITY` : sql``;
      const from = sql`ROWS FROM (${join(calls, ', ')})${ordinality}`;
      return sql`LATERAL ${from} AS ${alias}(${join(names, ', ')})`;
    }
    case 'values': {
      const lines = rows.rows.map((row) => sql`(${join(list(row), ', ')})`);
      return sql`LATERAL (VALUES ${join(lines, ', ')}) AS ${alias}(${join(names, ', ')})`;
    }
    case 'select': {
      const items = list(rows.exprs).map((one, index) => sql`${one} AS ${names[index] ?? sql``}`);
      return sql`LATERAL (SELECT ${join(items, ', ')}) AS ${alias}`;
    }
  }
}
