/**
 * The fold function of a delta imat: adds what is pending to the state, or computes the state anew
 * where a reset is pending or that was asked for. `imat.fold` calls it in a REPEATABLE READ
 * transaction that holds the imat's fold lock, and moves the frontier in the same transaction. Rows
 * are deleted and inserted, so every snapshot reads the state that belongs to it.
 *
 * The statement is planned at each call (EXECUTE), because the right plan for ten pending rows is
 * wrong for a million. It upserts by the state's unique key, NULLs being equal there, so no join on
 * nullable keys is needed. An expression that fails on a row which has come and gone since the last
 * fold is tried again with such rows cancelled first.
 */
import { stateColumns } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import { coreInput } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, fragment, ident, join, lines, literal, sql } from '../sql/sql.ts';
import { isAnew, isRegrouped, storeAnew } from './anew.ts';
import { fallbackView } from './change-views.ts';
import { valuesMoved } from './elapsed.ts';
import { hasExtremes } from './extremes.ts';
import { changeSettings } from './read-changes.ts';
import { calledOnTouched, REFOLDED, refoldFunction, touchedFirst } from './refold.ts';
import { storedUnder } from './settings.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';
import type { Subject } from './subject.ts';
import { MERGED, mergedItems } from './upsert.ts';

/** `foldsRows`: whether it replaces the rows that the store stands on (refold.ts). */
export function foldFunction(
  subject: StoreSubject,
  plan: AddPlan,
  foldsRows: boolean,
): readonly Statement[] {
  const fold = subject.names.fold.sql;
  return [
    ...(foldsRows ? refoldFunction(subject, plan) : []),
    { label: 'fold: adds what is pending to the state', sql: createFold(subject, plan, foldsRows) },
    {
      label: 'only imat.fold calls it',
      sql: sql`REVOKE ALL ON FUNCTION ${fold}(boolean) FROM PUBLIC`,
    },
  ];
}

const NOT_CAPTURED = literal(
  'A change of a source was not captured, for example because a trigger of imat was disabled.',
);
const KEYS_ARE_LIMITED = literal(
  'Keys are limited to about 2700 bytes. Reads are still correct. ' +
    'Run imat repair, which then chooses the strategy swap.',
);

/** Whether values have moved, as the view asks (live-view.ts). */
function haveValuesMoved(subject: Subject, plan: AddPlan): readonly Sql[] {
  const tests = valuesMoved(plan, sql`f.moment`);
  if (tests.length === 0) return [];
  return [
    sql`EXISTS (
  SELECT FROM imat_catalog.frontier AS f
  WHERE f.imat_id = ${subject.id} AND (${join(tests, ' OR ')})
)`,
  ];
}

function createFold(subject: StoreSubject, plan: AddPlan, foldsRows: boolean): Sql {
  const { store } = plan;
  const { fold, state } = subject.names;
  const columns = join(stateColumns(store).map(ident), ', ');
  const overRows = isRegrouped(plan);
  const rows = overRows ? subject.names.regrouped.sql : undefined;
  const computeAnew = storeAnew(subject, columns, rows);
  // The fold of all stores decides it for rows and the groups over them together (fold-all.ts).
  const { sources } = coreInput(plan, null).shape;
  const folded = store.identity.repeats ? 'bag' : 'groups';
  const isAsked = overRows
    ? sql`anew`
    : join([isAnew(subject, sources, folded), ...haveValuesMoved(subject, plan)], ' OR ');
  const statements = [
    sql`IF ${isAsked} THEN
  ${computeAnew}
END IF;`,
    ...changing(subject, plan, foldsRows),
    ...(hasExtremes(store)
      ? [
          sql`-- Too many groups would have to be derived again.
IF NOT few THEN
  ${computeAnew}
END IF;`,
        ]
      : []),
    raiseIfNegative(state.sql),
    ...(store.identity.vanishes ? [sql`DELETE FROM ${state.sql} WHERE ctid = ANY (emptied);`] : []),
    foldsRows ? sql`RETURN changed + replaced;` : sql`RETURN changed;`,
  ];
  const body = sql`
#variable_conflict use_column
DECLARE${foldsRows ? REFOLDED : declaredUpsert(subject, plan)}
  changed bigint;
  emptied tid[];
  negative boolean;${hasExtremes(store) ? sql`\n  few boolean;` : sql``}
BEGIN
  ${join(statements, '\n')}
END`;
  const settings = [
    ...changeSettings(plan),
    // PostgreSQL 18 keeps the plan of a function for later calls.
    ...(foldsRows ? [sql`plan_cache_mode = force_custom_plan`] : []),
  ].map((setting) => sql`SET ${setting}\n`);
  return sql`CREATE OR REPLACE FUNCTION ${fold.sql}(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
${join(settings, '')}${storedUnder(subject)}SET standard_conforming_strings = on
AS ${dollarQuoted(body)}`;
}

const raiseIfNegative = (state: Sql): Sql => sql`IF negative THEN
  RAISE EXCEPTION USING
    ERRCODE = 'data_corrupted',
    MESSAGE = ${literal(`a row of ${state.text} would have a negative count`)},
    DETAIL = ${NOT_CAPTURED},
    HINT = 'Run imat repair.';
END IF;`;

/** A handler of what an index cannot hold. */
export const KEY_TOO_LONG = sql`WHEN program_limit_exceeded THEN
  RAISE EXCEPTION USING
    ERRCODE = 'program_limit_exceeded',
    MESSAGE = 'a group key is too long to be stored',
    DETAIL = SQLERRM,
    HINT = ${KEYS_ARE_LIMITED};`;

/** What changes the state by what is pending. */
function changing(subject: StoreSubject, plan: AddPlan, foldsRows: boolean): readonly Sql[] {
  if (!foldsRows) return [apply(...upserts(subject, plan))];
  return [touchedFirst(subject, plan), apply(calledOnTouched(subject), null)];
}

/** The upsert of what is pending, and if an expression can fail on that, of what is netted. */
function upserts(subject: Subject, plan: AddPlan): readonly [Sql, Sql | null] {
  const into = sql`changed, emptied, negative${fragment(hasExtremes(plan.store) ? ', few' : '')}`;
  const on = (view: Sql): Sql => sql`EXECUTE pg_catalog.format(upsert, ${literal(view.text)})
INTO ${into};`;
  const fallback = fallbackView(subject, plan);
  return [on(subject.names.delta.sql), fallback === null ? null : on(fallback)];
}

/** Runs the one, and if an expression fails in that, the other. */
function apply(attempt: Sql, again: Sql | null): Sql {
  const handlers = [
    KEY_TOO_LONG,
    ...(again === null
      ? []
      : [
          sql`WHEN OTHERS THEN
  -- Locks, resources, cancelling and the like are not a matter of rows.
  IF pg_catalog.left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF;
  ${again}`,
        ]),
  ];
  return sql`BEGIN
  ${attempt}
EXCEPTION
  ${join(handlers, '\n')}
END;`;
}

const declaredUpsert = (subject: Subject, plan: AddPlan): Sql => sql`
  -- Reads what is pending from the view that it is formatted with.
  upsert CONSTANT text := ${dollarQuoted(upsertStatement(subject, plan))};`;

/** As a template for format(): `%s` is the view. */
function upsertStatement(subject: Subject, plan: AddPlan): Sql {
  const results = [
    ...MERGED,
    ...(hasExtremes(plan.store) ? [sql`(SELECT f.is_few FROM few AS f)`] : []),
  ];
  const rest = sql`${mergedItems(subject, plan)}
SELECT
  ${lines(results)}
FROM merged AS m`;
  return sql`
  WITH changes AS (
    TABLE %s
  ), ${fragment(rest.text.replaceAll('%', '%%'))}
`;
}
