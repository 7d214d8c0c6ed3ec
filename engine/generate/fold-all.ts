/**
 * The function that folds all stores of an imat, in this order: a store is changed by what those
 * below it hold before they are folded, so each comes before these. Rows that are computed from
 * groups (rows-over-groups.ts) come after these, and read them as they are stored.
 *
 * Groups over rows that are computed again (docs/decisions/0057-coarse-groups.md) are an exception
 * where all rows are computed anew, because more keys are touched than are few, say: the groups are
 * computed anew as well, from the rows, when they are stored. The definition is computed once then,
 * not twice. Groups never decide that on their own: they would be computed from rows that are not
 * folded yet. Where few are touched, the fold of groups may replace the rows as well (refold.ts).
 */
import type { RowsPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, ident, join, sql } from '../sql/sql.ts';
import { isAnew } from './anew.ts';
import { sourcesOf } from './regroup.ts';
import { storedUnder } from './settings.ts';
import type { Statement } from './statement.ts';
import type { StoreOf } from './stores.ts';
import { foldOrder } from './stores.ts';
import type { Subject } from './subject.ts';

type RowsStore = StoreOf & { readonly plan: RowsPlan };

export function foldAll(subject: Subject, stores: readonly StoreOf[]): readonly Statement[] {
  const { fold } = subject.names;
  const rows = stores.filter((one): one is RowsStore => groupsOver(one, stores).length > 0);
  const flags = rows.map(
    (one) => sql`${flagOf(one, stores)} CONSTANT boolean :=
    ${isAnew(subject, sourcesOf(one.plan), 'keys')}${orIsMuch(one)};`,
  );
  const body = sql`
DECLARE
  ${join([...flags, sql`touched bigint := 0;`], '\n')}
BEGIN
  ${join(
    foldOrder(stores).map((store) => foldStore(store, stores)),
    '\n',
  )}
  RETURN touched;
END`;
  return [
    {
      label: 'fold: all stores',
      sql: sql`CREATE OR REPLACE FUNCTION ${fold.sql}(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
${storedUnder(subject)}AS ${dollarQuoted(body)}`,
    },
    {
      label: 'only imat.fold calls it',
      sql: sql`REVOKE ALL ON FUNCTION ${fold.sql}(boolean) FROM PUBLIC`,
    },
  ];
}

/** All rows of a recursion differ from the stored ones in few, however many keys are touched. */
const orIsMuch = (rows: RowsStore): Sql =>
  rows.plan.recursion !== null || rows.isReplaced
    ? sql``
    : sql`\n    OR NOT (SELECT t.is_few FROM ${rows.subject.names.touched.sql} AS t)`;

function foldStore(store: StoreOf, stores: readonly StoreOf[]): Sql {
  const below = stores.find((one) => groupsOver(one, stores).includes(store));
  if (below !== undefined)
    return sql`IF NOT ${flagOf(below, stores)} THEN
  ${called(store, sql`false`)}
END IF;`;
  const groups = groupsOver(store, stores);
  if (groups.length === 0) return called(store, sql`anew`);
  const all = [store, ...groups].map((one) => called(one, sql`true`));
  // The fold of groups that replaces them asks by itself whether much is touched.
  const otherwise = store.isReplaced ? sql`` : sql`\nELSE\n  ${called(store, sql`false`)}`;
  return sql`IF ${flagOf(store, stores)} THEN
  ${join(all, '\n')}${otherwise}
END IF;`;
}

const called = ({ subject }: StoreOf, anew: Sql): Sql =>
  sql`touched := touched + ${subject.names.fold.sql}(${anew});`;

/** Whether rows are computed anew. */
const flagOf = (rows: StoreOf, stores: readonly StoreOf[]): Sql =>
  ident(`anew_${stores.indexOf(rows) + 1}`);

/** The groups that stand on rows, each as one of `stores`. */
const groupsOver = (rows: StoreOf, stores: readonly StoreOf[]): readonly StoreOf[] =>
  rows.plan.rule !== 'regroup'
    ? []
    : stores.filter(({ plan }) => plan.rule === 'add' && plan.inner === rows.plan);
