/**
 * Rows that are computed again from stored groups (docs/decisions/0060-rows-over-groups.md): the
 * definition, in which each store of groups is a view of what it holds.
 *
 *   now    when they are read: what is stored and what is pending
 *   kept   when they are folded: what is stored, because groups are folded before rows
 *
 * Those of some keys are read by a function, `imat_store.recomputed_<name>(access key, keys,
 * whether NULL is one)`: the views of the groups have arms and gates of their own, which would be
 * planned at every read otherwise (read-by-function.ts).
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Query } from '../../parser/tree.ts';
import { isStore, mapRelations } from '../algebra/query-rewrites/relations.ts';
import type { GroupsBelow, RowsPlan } from '../plan/plan.ts';
import { storeNumber } from '../plan/plan.ts';
import { STORE_SCHEMA } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, fragment, join, sql } from '../sql/sql.ts';
import { rowsByFunction } from './read-by-function.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';
import type { Touched } from './touched-rows.ts';
import { confinedParts, partFrom } from './touched-rows.ts';

/** Which of the views of its groups a definition reads. */
type Held = 'now' | 'kept';

/** All rows of any definition: without stored groups, from the tables. */
export function allRows({ groups }: StoreSubject, plan: RowsPlan, held: Held): Sql {
  if (plan.groups === null) return fragment(deparse(plan.query));
  return fragment(deparse(named(plan.groups.reading.query, groups, held)));
}

/** The rows of the keys in $1, and if $2 of those without a key. */
export function rowsOfKeys(
  { groups }: StoreSubject,
  { key }: RowsPlan,
  { reading }: GroupsBelow,
  held: Held,
): Sql {
  const touched: Touched = {
    array: sql`$1::${fragment(key.type)}[]`,
    hasNull: sql`$2`,
    isFew: sql`TRUE`,
  };
  const parts = confinedParts(reading, key, touched, (query) => named(query, groups, held));
  return join(
    parts.map((part) => sql`SELECT s.* FROM ${partFrom(part)}`),
    '\nUNION ALL\n',
  );
}

const named = (query: Query, groups: StoreSubject['groups'], held: Held): Query =>
  mapRelations(query, (relation) => {
    if (relation.kind !== 'table' || !isStore(relation)) return relation;
    const names = groups[storeNumber(relation) - 1];
    if (names === undefined) throw new Error(`no store ${storeNumber(relation)} below`);
    return { ...relation, schema: STORE_SCHEMA, name: names[held].name };
  });

/** Its body names views. */
export function recomputedFunction(subject: StoreSubject, plan: RowsPlan): readonly Statement[] {
  if (plan.groups === null) return [];
  const rows = dollarQuoted(rowsOfKeys(subject, plan, plan.groups, 'now'));
  return rowsByFunction(subject, {
    label: 'the rows of some keys, from the groups that are stored',
    like: subject.names.content.sql,
    name: subject.names.recomputed.sql,
    parameters: [sql`${fragment(plan.key.type)}[]`, sql`boolean`],
    body: sql`RETURN QUERY EXECUTE ${rows} USING $2, $3;`,
  });
}
