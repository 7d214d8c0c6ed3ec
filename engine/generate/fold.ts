/**
 * The fold function of a delta imat: adds what is pending to the state. `imat.fold` calls it in a REPEATABLE READ
 * transaction that holds the imat's fold lock, and moves the frontier in the same transaction.
 *
 * The statement is planned at each call (EXECUTE), because the right plan for ten pending rows is wrong for a million.
 * It upserts by the state's unique key, NULLs being equal there, so no join on nullable keys is needed. An expression
 * that fails on a row which has come and gone since the last fold is tried again with such rows cancelled first.
 */
import { changesSomething, identity, stateColumns, summed } from '../operators/group.ts';
import type { DeltaPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, ident, join, literal, sql } from '../sql/sql.ts';

export type FoldNames = {
  readonly state: Sql;
  readonly fold: Sql;
  readonly delta: Sql /** Null where the delta is netted already. */;
  readonly netted: Sql | null;
};

export function foldFunction(plan: DeltaPlan, { state, fold, delta, netted }: FoldNames): Sql {
  const body = sql`
DECLARE
  touched bigint;
  emptied tid[];
  negative boolean;
BEGIN
  BEGIN
    EXECUTE ${dollarQuoted(upsertStatement(plan, state, delta))}
    INTO touched, emptied, negative;
  EXCEPTION WHEN program_limit_exceeded THEN
    RAISE EXCEPTION USING
      ERRCODE = 'program_limit_exceeded',
      MESSAGE = 'a group key is too long to be stored',
      DETAIL = SQLERRM,
      HINT = 'Keys can have some 2700 bytes. Readers still get the right answer. Run imat revert, then imat convert with --strategy swap.';
  ${netted === null ? sql`` : againNetted(upsertStatement(plan, state, netted))}END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = ${literal(`a row of ${state.text} would have a negative count`)},
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat verify, then imat revert and imat convert.';
  END IF;
  ${
    plan.single
      ? sql``
      : sql`DELETE FROM ${state} WHERE ctid = ANY (emptied);
  `
  }RETURN touched;
END`;
  return sql`CREATE OR REPLACE FUNCTION ${fold}() RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog
SET jit = off
SET standard_conforming_strings = on
AS ${dollarQuoted(body)}`;
}

function againNetted(upsert: Sql): Sql {
  return sql`WHEN OTHERS THEN
    -- Locks, resources, cancelling and the like are not a matter of rows.
    IF pg_catalog.left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF;
    EXECUTE ${dollarQuoted(upsert)}
    INTO touched, emptied, negative;
  `;
}

function upsertStatement(plan: DeltaPlan, state: Sql, delta: Sql): Sql {
  const columns = join(stateColumns(plan).map(ident), ', ');
  const additions = plan.parts.map(
    (part) => sql`${ident(part.name)} = s.${ident(part.name)} + EXCLUDED.${ident(part.name)}`,
  );
  return sql`
WITH delta AS (
  ${summed(plan, sql`SELECT ${columns} FROM ${delta}`)}
), merged AS (
  INSERT INTO ${state} AS s (${columns})
  SELECT ${columns}
  FROM delta AS d
  WHERE ${changesSomething(plan.parts, sql`d`)}
  ON CONFLICT (${join(identity(plan).map(ident), ', ')}) DO UPDATE SET
    ${join(additions, ',\n')}
  RETURNING s.ctid, s.row_count
)
SELECT
  pg_catalog.count(*),
  pg_catalog.array_agg(m.ctid) FILTER (WHERE m.row_count = 0),
  pg_catalog.bool_or(m.row_count < 0)
FROM merged AS m
`;
}
