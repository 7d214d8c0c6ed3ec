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
import { changesSomething, identityOf, stateColumns, summed } from '../operators/store.ts';
import type { Store } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import { coreInput } from '../plan/plan.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, fragment, ident, join, lines, literal, sql } from '../sql/sql.ts';
import { isAnew, isRegrouped, storeAnew } from './anew.ts';
import { fallbackView } from './change-views.ts';
import { valuesMoved } from './elapsed.ts';
import { changeSettings } from './read-changes.ts';
import {
  boundsOf,
  extremesDiffer,
  hasExtremes,
  mergedColumns,
  storedExtremes,
} from './extremes.ts';
import { isFewAgain } from './few-again.ts';
import { touchedRows } from './merged-view.ts';
import { storedUnder } from './settings.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';
import type { Subject } from './subject.ts';

const ROWS = ident(OWN_COLUMNS.rows);

export function foldFunction(subject: StoreSubject, plan: AddPlan): readonly Statement[] {
  const fold = subject.names.fold.sql;
  return [
    { label: 'fold: adds what is pending to the state', sql: createFold(subject, plan) },
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

function createFold(subject: StoreSubject, plan: AddPlan): Sql {
  const { store } = plan;
  const { fold, state, delta } = subject.names;
  const fallback = fallbackView(subject, plan);
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
    apply(store, delta.sql, fallback),
    ...(hasExtremes(store)
      ? [
          sql`-- Too many groups would have to be derived again.
IF NOT few THEN
  ${computeAnew}
END IF;`,
        ]
      : []),
    sql`IF negative THEN
  RAISE EXCEPTION USING
    ERRCODE = 'data_corrupted',
    MESSAGE = ${literal(`a row of ${state.sql.text} would have a negative count`)},
    DETAIL = ${NOT_CAPTURED},
    HINT = 'Run imat repair.';
END IF;`,
    ...(store.identity.vanishes ? [sql`DELETE FROM ${state.sql} WHERE ctid = ANY (emptied);`] : []),
    sql`RETURN changed;`,
  ];
  const body = sql`
#variable_conflict use_column
DECLARE
  -- Reads what is pending from the view that it is formatted with.
  upsert CONSTANT text := ${dollarQuoted(upsertStatement(subject, plan))};
  changed bigint;
  emptied tid[];
  negative boolean;${hasExtremes(store) ? sql`\n  few boolean;` : sql``}
BEGIN
  ${join(statements, '\n')}
END`;
  const settings = changeSettings(plan).map((setting) => sql`SET ${setting}\n`);
  return sql`CREATE OR REPLACE FUNCTION ${fold.sql}(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
${join(settings, '')}${storedUnder(subject)}SET standard_conforming_strings = on
AS ${dollarQuoted(body)}`;
}

/** A handler of what an index cannot hold. */
export const KEY_TOO_LONG = sql`WHEN program_limit_exceeded THEN
  RAISE EXCEPTION USING
    ERRCODE = 'program_limit_exceeded',
    MESSAGE = 'a group key is too long to be stored',
    DETAIL = SQLERRM,
    HINT = ${KEYS_ARE_LIMITED};`;

/**
 * Runs the upsert on what `delta` has, and if an expression fails on that, on what `fallback` has.
 */
function apply(store: Store, delta: Sql, fallback: Sql | null): Sql {
  const into = sql`changed, emptied, negative${fragment(hasExtremes(store) ? ', few' : '')}`;
  const on = (view: Sql): Sql => sql`EXECUTE pg_catalog.format(upsert, ${literal(view.text)})
INTO ${into};`;
  const handlers = [
    KEY_TOO_LONG,
    ...(fallback === null
      ? []
      : [
          sql`WHEN OTHERS THEN
  -- Locks, resources, cancelling and the like are not a matter of rows.
  IF pg_catalog.left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF;
  ${on(fallback)}`,
        ]),
  ];
  return sql`BEGIN
  ${on(delta)}
EXCEPTION
  ${join(handlers, '\n')}
END;`;
}

/** Items of a WITH clause up to `delta`, the changes of each group. */
function deltaItems(subject: Subject, plan: AddPlan): Sql {
  const { store } = plan;
  const { state } = subject.names;
  if (!hasExtremes(store)) {
    const columns = join(stateColumns(store).map(ident), ', ');
    return sql`delta AS (
  ${summed(store, sql`SELECT ${columns} FROM changes`)}
)`;
  }
  return sql`bounds AS MATERIALIZED (
  ${boundsOf(subject, store, touchedRows(plan), false)}
), few AS MATERIALIZED (
  ${isFewAgain(plan, state.sql)}
), delta AS MATERIALIZED (
  SELECT
    ${lines([...mergedColumns(subject, store), ...storedExtremes(store)])}
  FROM bounds AS b
  WHERE (SELECT f.is_few FROM few AS f)
)`;
}

/** As a template for format(): `%s` is the view. */
function upsertStatement(subject: Subject, plan: AddPlan): Sql {
  const { store } = plan;
  const columns = join(stateColumns(store).map(ident), ', ');
  const additions = [
    ...store.parts.map(
      (part) => sql`${ident(part.name)} = s.${ident(part.name)} + EXCLUDED.${ident(part.name)}`,
    ),
    ...store.extremes.map(({ name }) => sql`${ident(name)} = EXCLUDED.${ident(name)}`),
  ];
  const isFew = hasExtremes(store) ? sql`,\n  (SELECT f.is_few FROM few AS f)` : sql``;
  const isChanged = changesSomething(store.parts, sql`d`);
  const rest = sql`${deltaItems(subject, plan)}, merged AS (
  INSERT INTO ${subject.names.state.sql} AS s (${columns})
  SELECT ${columns}
  FROM delta AS d
  WHERE ${hasExtremes(store) ? sql`${isChanged} OR ${extremesDiffer(store, sql`d`)}` : isChanged}
  ON CONFLICT (${join(identityOf(store).map(ident), ', ')}) DO UPDATE SET
    ${join(additions, ',\n')}
  RETURNING s.ctid, s.${ROWS}
)
SELECT
  pg_catalog.count(*),
  pg_catalog.array_agg(m.ctid) FILTER (WHERE m.${ROWS} = 0),
  pg_catalog.bool_or(m.${ROWS} < 0)${isFew}
FROM merged AS m`;
  return sql`
  WITH changes AS (
    TABLE %s
  ), ${fragment(rest.text.replaceAll('%', '%%'))}
`;
}
