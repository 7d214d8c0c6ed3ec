/**
 * Rows that are computed again from stored groups (docs/decisions/0060-rows-over-groups.md): the
 * definition, in which each store of groups is a view of what it holds.
 *
 *   now    when they are read: what is stored and what is pending
 *   kept   when they are folded: what is stored, because groups are folded before rows
 *
 * Each text that names tables is a view: it follows them when they are renamed, and goes on reading
 * them when others get their names.
 *
 * Those of touched keys are read by a function, `imat_store.recomputed_<name>(access key)`: the
 * views of the groups have arms and gates of their own, which would be planned at every read
 * otherwise (read-by-function.ts).
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Query } from '../../parser/tree.ts';
import { isStore, mapRelations } from '../algebra/query-rewrites/relations.ts';
import type { GroupsBelow, RowsPlan } from '../plan/plan.ts';
import { storeNumber } from '../plan/plan.ts';
import { STORE_SCHEMA } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, join, sql } from '../sql/sql.ts';
import { readByFunction } from './read-by-function.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';
import { confinedParts, partFrom, touchedIn } from './touched-rows.ts';

/** Which of the views of its groups a definition reads. */
type Held = 'now' | 'kept';

/** All rows of any definition: without stored groups, from the tables. */
export function allRows({ groups }: StoreSubject, plan: RowsPlan, held: Held): Sql {
  if (plan.groups === null) return fragment(deparse(plan.query));
  return fragment(deparse(named(plan.groups.reading.query, groups, held)));
}

/** The rows of touched keys. */
function rowsOfKeys(
  { groups, names }: StoreSubject,
  plan: RowsPlan,
  { reading }: GroupsBelow,
  held: Held,
): Sql {
  const touched = touchedIn(sql`touched`, plan);
  const parts = confinedParts(reading, plan.key, touched, (query) => named(query, groups, held));
  const selects = parts.map(
    (part) => sql`-- ${fragment(part.label)}\nSELECT s.* FROM ${partFrom(part)}`,
  );
  return sql`WITH touched AS MATERIALIZED (
  TABLE ${names.touched.sql}
)
${join(selects, '\nUNION ALL\n')}`;
}

const named = (query: Query, groups: StoreSubject['groups'], held: Held): Query =>
  mapRelations(query, (relation) => {
    if (relation.kind !== 'table' || !isStore(relation)) return relation;
    const names = groups[storeNumber(relation) - 1];
    if (names === undefined) throw new Error(`no store ${storeNumber(relation)} below`);
    return { ...relation, schema: STORE_SCHEMA, name: names[held].name };
  });

/** What is stored where all rows are computed anew. */
export function contentKept(subject: StoreSubject, plan: RowsPlan): readonly Statement[] {
  if (plan.groups === null) return [];
  const { sql: name } = subject.names.contentKept;
  return [
    {
      label: 'the definition, from what is stored of its groups',
      sql: sql`CREATE VIEW ${name} AS\n${allRows(subject, plan, 'kept')}`,
    },
  ];
}

export function rowsViews(subject: StoreSubject, plan: RowsPlan): readonly Statement[] {
  const { groups } = plan;
  if (groups === null) return [];
  const { rowsNow, rowsKept } = subject.names;
  const view = (name: Sql, held: Held): Sql =>
    sql`CREATE VIEW ${name} AS\n${rowsOfKeys(subject, plan, groups, held)}`;
  return [
    {
      label: 'the rows of touched keys, from what the groups hold now',
      sql: view(rowsNow.sql, 'now'),
    },
    {
      label: 'the same from what is stored of the groups, for the fold',
      sql: view(rowsKept.sql, 'kept'),
    },
  ];
}

/** Its body names a view. */
export const recomputedFunction = (subject: StoreSubject, plan: RowsPlan): readonly Statement[] =>
  plan.groups === null
    ? []
    : readByFunction(subject, {
        label: 'the rows of touched keys as a function, for reads',
        view: subject.names.rowsNow.sql,
        name: subject.names.recomputed.sql,
        isUnlocked: subject.withParts.length > 0,
      });
