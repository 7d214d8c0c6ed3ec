/**
 * The fold of rows that are computed again: those of touched keys go, and come as they are now. Who
 * asks for the touched keys once has the same ones for both.
 *
 * What stores the rows is the parsed body of a function, as that of groups over rows is
 * (refold.ts). A recursion is an exception: its stored rows tell which keys are touched, and stay
 * until all rows have been computed.
 */
import type { Pending } from '../operators/pending.ts';
import { IN_PLACE, isPending } from '../operators/pending.ts';
import type { RowsPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, fragment, ident, join, sql } from '../sql/sql.ts';
import { isAnew, storeAnew } from './anew.ts';
import { askTouched, letFew } from './ask-touched.ts';
import { KEY_TOO_LONG } from './fold.ts';
import { AT_HAND } from './read-changes.ts';
import { anyElapsedForAll, sourcesOf, staysColumn, touchingAll } from './regroup.ts';
import { rowsOfKeys } from './rows-over-groups.ts';
import { storedUnder } from './settings.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';
import type { Subject } from './subject.ts';
import { GIVEN_KEYS, selected, storedColumns } from './touched-rows.ts';

/** `isReplaced`: whether the fold of groups on the rows does it, and this only stores all anew. */
export function foldRows(
  subject: StoreSubject,
  plan: RowsPlan,
  isReplaced: boolean,
): readonly Statement[] {
  const { fold } = subject.names;
  const stores = isReplaced || plan.recursion !== null ? [] : storeFunction(subject, plan);
  const body = isReplaced ? storeAll(subject, plan) : foldTouched(subject, plan);
  const variables = isReplaced ? sql`changed bigint;` : TOUCHED;
  return [
    ...stores,
    {
      label: isReplaced
        ? 'fold: computes all rows again'
        : 'fold: computes the rows of touched keys again',
      sql: sql`CREATE OR REPLACE FUNCTION ${fold.sql}(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET ${AT_HAND}
${storedUnder(subject)}SET standard_conforming_strings = on
AS ${dollarQuoted(sql`
#variable_conflict use_column
DECLARE
  ${variables}
BEGIN
  ${body}
EXCEPTION
  ${KEY_TOO_LONG}
END`)}`,
    },
    {
      label: 'only imat.fold calls it',
      sql: sql`REVOKE ALL ON FUNCTION ${fold.sql}(boolean) FROM PUBLIC`,
    },
  ];
}

const TOUCHED = sql`touched record;
changed bigint;
removed bigint;`;

function foldTouched(subject: StoreSubject, plan: RowsPlan): Sql {
  const { names } = subject;
  const anew = storeAll(subject, plan);
  const key = ident(plan.key.name);
  const remove = sql`DELETE FROM ${names.state.sql}
WHERE ${key} = ANY ($1) OR ($2 AND ${key} IS NULL)`;
  const replace = plan.recursion === null ? replaceTouched : replaceAtOnce;
  return sql`IF ${isAnew(subject, sourcesOf(plan), 'keys')}${touchesAll(subject, plan)} THEN
  ${anew}
END IF;
${askTouched(subject, plan)}
IF NOT touched.is_few THEN
  ${anew}
END IF;
${replace(subject, remove, plan)}
RETURN removed + changed;`;
}

/** Puts all rows into the state, and returns. */
function storeAll(subject: StoreSubject, plan: RowsPlan): Sql {
  const columns = columnList(plan);
  return plan.groups === null
    ? storeAnew(subject, columns)
    : storeAnew(subject, columns, subject.names.contentKept.sql);
}

const columnList = (plan: RowsPlan): Sql => join(storedColumns(plan).map(ident), ', ');

/** A function that stores the rows of given keys, and returns how many these are. */
function storeFunction(subject: StoreSubject, plan: RowsPlan): readonly Statement[] {
  const { state, refold } = subject.names;
  const type = fragment(plan.key.type);
  return [
    {
      label: 'fold: stores the rows of touched keys',
      sql: sql`CREATE OR REPLACE FUNCTION ${refold.sql}(keys ${type}[], has_null boolean)
RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  WITH stored AS (
    INSERT INTO ${state.sql} (${columnList(plan)})
    ${selected(rowsOfKeys(subject, plan, GIVEN_KEYS, 'kept'), storedColumns(plan).map(ident))}
    RETURNING 1
  )
  SELECT pg_catalog.count(*) FROM stored;
END`,
    },
    {
      label: 'only the fold calls it',
      sql: sql`REVOKE ALL ON FUNCTION ${refold.sql}(${type}[], boolean) FROM PUBLIC`,
    },
  ];
}

function replaceTouched({ names }: StoreSubject, remove: Sql): Sql {
  return sql`EXECUTE ${dollarQuoted(remove)}
USING touched.keys, touched.has_null;
GET DIAGNOSTICS removed = ROW_COUNT;
changed := ${names.refold.sql}(touched.keys, touched.has_null);`;
}

/** In one statement the stored rows stay while all are computed. */
function replaceAtOnce({ names }: StoreSubject, remove: Sql, plan: RowsPlan): Sql {
  const columns = columnList(plan);
  const both = sql`WITH removed AS (
${remove}
RETURNING 1
), stored AS (
INSERT INTO ${names.state.sql} (${columns})
SELECT ${columns} FROM ${names.current.sql} WHERE NOT ${staysColumn(plan)}
RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM removed), (SELECT pg_catalog.count(*) FROM stored)`;
  return sql`-- The view asks for the touched keys again.
${letFew(sql`touched.few::text`)}
EXECUTE ${dollarQuoted(both)}
INTO removed, changed
USING touched.keys, touched.has_null;
${letFew(sql`''`)}`;
}

/** Whether a table has changed of which a change may touch every key. */
function touchesAll(subject: Subject, plan: RowsPlan): Sql {
  const oids = touchingAll(plan);
  const moment = sql`f.moment`;
  const elapsed = anyElapsedForAll(plan, moment);
  if (oids.length + elapsed.length === 0) return sql``;
  const { logOf } = subject;
  const pending: Pending = {
    frontier: sql`f.snapshot`,
    logOf,
    moment,
    ...IN_PLACE,
  };
  const tests = oids.map(
    (oid) =>
      sql`EXISTS (SELECT FROM ${subject.logOf(oid)} AS l WHERE ${isPending(pending, sql`l`)})`,
  );
  return sql`
    OR EXISTS (
      SELECT FROM imat_catalog.frontier AS f
      WHERE f.imat_id = ${subject.id} AND (${join([...tests, ...elapsed], ' OR ')})
    )`;
}
