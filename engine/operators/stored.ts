/**
 * The rows of another store, which computes those of touched keys again: its rows now are those of
 * its query; its change is what of them is stored taken back, and what they are now added
 * (generate/regroup.ts), which only the caller knows.
 *
 * Right because the rows of a key that no change touches are the stored ones, whatever the query is
 * (docs/decisions/0057-coarse-groups.md).
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { NodeOf } from '../algebra/node.ts';
import { fragment, ident, join, sql } from '../sql/sql.ts';
import type { Rule } from './rule.ts';
import { nothingAgainst, typedRelation } from './rule.ts';

/** How its rows are called. */
export const storedAlias = (node: NodeOf<'stored'>): string => `s${node.number}`;

export const stored: Rule<'stored'> = {
  shape: (node) => ({
    ...typedRelation(storedAlias(node), node.columns),
    sources: node.sources,
    label: 'the rows stored below',
  }),
  now: (node) => {
    const names = node.columns.map(({ column }) => ident(`c${column.id}`));
    const alias = sql`${ident(storedAlias(node))} (${join(names, ', ')})`;
    return { from: [sql`(\n${fragment(deparse(node.query))}\n) AS ${alias}`], where: [] };
  },
  change: null,
  against: nothingAgainst,
};
