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
import type { RowsPlan } from '../plan/plan.ts';
import { storeNumber } from '../plan/plan.ts';
import { STORE_SCHEMA } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, join, literal, sql } from '../sql/sql.ts';
import { readByFunction } from './read-by-function.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';
import type { Part, Touched } from './touched-rows.ts';
import { confinedParts, partFrom, touchedIn } from './touched-rows.ts';

/** Which of the views of its groups a definition reads. */
type Held = 'now' | 'kept';

/** All rows of any definition: without stored groups, from the tables. */
export function allRows({ groups }: StoreSubject, plan: RowsPlan, held: Held): Sql {
  if (plan.groups === null) return fragment(deparse(plan.query));
  return fragment(deparse(named(plan.groups.reading.query, groups, held)));
}

/** The rows of touched keys, and those without a key, of any definition. */
export function rowsOfKeys(
  { groups }: StoreSubject,
  plan: RowsPlan,
  touched: Touched,
  held: Held,
): readonly Part[] {
  const reading = plan.groups?.reading ?? plan;
  return confinedParts(reading, plan.key, touched, (query) => named(query, groups, held));
}

function unitedParts({ names }: StoreSubject, parts: readonly Part[]): Sql {
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
  if (plan.groups === null) return [];
  const { rowsNow, rowsNull } = subject.names;
  const touched = touchedIn(sql`touched`, plan);
  const [withKeys, ...withNull] = rowsOfKeys(subject, plan, touched, 'now');
  if (withKeys === undefined) throw new Error('no rows of touched keys');
  const view = (label: string, name: Sql, parts: readonly Part[]): Statement => ({
    label,
    sql: sql`CREATE VIEW ${name} AS\n${unitedParts(subject, parts)}`,
  });
  return [
    view('the rows of touched keys, from what the groups hold now', rowsNow.sql, [withKeys]),
    view('the same of rows without a key', rowsNull.sql, withNull),
  ];
}

/**
 * Its body names views. That of rows without a key is planned only if NULL is touched: each view of
 * groups in it has arms, and seven of these took 25 ms to plan.
 */
export function recomputedFunction(subject: StoreSubject, plan: RowsPlan): readonly Statement[] {
  if (plan.groups === null) return [];
  const { rowsNow, rowsNull, recomputed } = subject.names;
  const withKeys = sql`SELECT * FROM ${rowsNow.sql}`;
  const all = sql`${withKeys} UNION ALL SELECT * FROM ${rowsNull.sql}`;
  return readByFunction(subject, {
    label: 'the rows of touched keys as a function, for reads',
    view: rowsNow.sql,
    name: recomputed.sql,
    text: sql`CASE WHEN $2 THEN ${literal(all.text)} ELSE ${literal(withKeys.text)} END`,
    isUnlocked: subject.withParts.length > 0,
    isArm: true,
    parameter: { name: sql`has_null`, type: sql`boolean` },
  });
}
