/**
 * UNION ALL: the rows of all inputs, as a bag.
 *
 *   change   the changes of all inputs, one beside the other
 *
 * Right because the sum of multisets is linear in each of them. A table that two inputs read has
 * the same change in both, and each input adds its own rows of it.
 *
 * Each input's columns are cast to the types of the whole, which the server has told, and given its
 * collations: a term stands alone, so what is computed from it would otherwise be computed in the
 * input's own type (an integer division where the definition divides numerics). A log has a
 * domain's values in the base type, so changes are cast to that. Not covered: UNION, INTERSECT and
 * EXCEPT, which remove duplicates, and so are not linear.
 */
import type { NodeOf } from '../algebra/node.ts';
import { columnsOf } from '../algebra/node.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, sql } from '../sql/sql.ts';
import type { Face, Rows, Rule, Shape } from './rule.ts';
import { columnOf, conditions, nothingAgainst, typedRelation } from './rule.ts';

const WEIGHT = ident('weight');
const aliasOf = (node: NodeOf<'unionAll'>): string => `u${node.number}`;

export const unionAll: Rule<'unionAll'> = {
  shape: (node, inputs) => ({
    ...typedRelation(aliasOf(node), node.columns),
    sources: inputs.flatMap(({ sources }) => sources),
    label: inputs.map(({ label }) => label).join(' and '),
  }),
  now: (node, inputs) => {
    const branches = inputs.map(({ shape, now }, index) =>
      selected(unionColumns(node, shape, index, 'type'), now),
    );
    const alias = ident(aliasOf(node));
    return { from: [sql`(${join(branches, '\nUNION ALL\n')}) AS ${alias}`], where: [] };
  },
  change: (node, inputs, _pending, netting) => {
    const alias = ident(aliasOf(node));
    return inputs.flatMap((input: Face, index) => {
      const columns = unionColumns(node, input.shape, index, 'baseType');
      return input.change(netting).map((term) => ({
        from: [
          sql`(${selected([sql`${term.weight} AS ${WEIGHT}`, ...columns], term)}) AS ${alias}`,
        ],
        where: [],
        weight: sql`${alias}.${WEIGHT}`,
        sign: term.sign,
        label: term.label,
      }));
    });
  },
  against: nothingAgainst,
};

/** The columns of an input, as the union has them; uncast as long as its types are not known. */
export function unionColumns(
  node: NodeOf<'unionAll'>,
  shape: Shape,
  place: number,
  type: 'type' | 'baseType',
): readonly Sql[] {
  const input = node.inputs[place];
  const own = input === undefined ? [] : columnsOf(input);
  return node.columns.map(({ column, facts, collations }, index) => {
    const from = own[index];
    if (from === undefined) throw new Error(`input ${place} of a union lacks ${column.name}`);
    const value = columnOf(shape, from.id);
    const cast = facts === null ? value : sql`(${value})::${fragment(facts[type])}`;
    const collation = collations[place] ?? null;
    const collated = collation === null ? cast : sql`(${cast}) COLLATE ${fragment(collation)}`;
    return sql`${collated} AS ${ident(`c${column.id}`)}`;
  });
}

/** A branch may have no FROM: a row of constants. */
function selected(columns: readonly Sql[], { from, where }: Rows): Sql {
  const tables = from.length === 0 ? sql`` : sql`\nFROM ${join(from, ', ')}`;
  return sql`SELECT ${join(columns, ', ')}${tables}${conditions(where)}`;
}
