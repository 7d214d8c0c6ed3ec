/**
 * The arms of a view, of which one answers each read. Each row has the number of its arm in a
 * column, and one condition above all arms compares that with the number of the arm that answers:
 *
 *   SELECT ... FROM (
 *     SELECT ..., 0 AS arm FROM state AS s
 *     UNION ALL
 *     SELECT ..., 2 AS arm FROM current AS s
 *   ) AS s
 *   WHERE s.arm = (the arm that answers)
 *
 * The planner computes that number once and makes a one-time filter of the condition in each arm,
 * so the other arms are planned and never run. An arm that is one table without a condition of its
 * own stays a plain member of the union: readers get the order of its indexes, and parallel plans.
 * That takes columns of exactly the same types in all arms.
 */
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, regclass, sql } from '../sql/sql.ts';
import type { FrontierOf } from './frontier.ts';
import { GUARDED_STATE, guarded } from './frontier.ts';

/**
 * The numbers of arms.
 *
 *   stored      what is stored; of a swap imat, in its first slot
 *   otherSlot   what is stored in its second slot
 *   current     the answer computed now
 *   anew        the answer computed without what is stored
 */
export const ARM = { stored: 0, otherSlot: 1, current: 2, anew: 3 } as const;

export type Arm = {
  readonly number: number;
  readonly columns: readonly Sql[];
  /** A FROM clause, with the conditions of the arm's own. */
  readonly from: Sql;
  /** For a comment; of one line. */
  readonly label: string;
};

/**
 * The number of the arm that answers: one look at the frontier and at what its row does not say.
 * `notStored`: whether what is stored is not the answer; null if it always is. `anew`: whether then
 * nothing but the sources tells the answer; null if that cannot be. `first`: the arm that answers
 * where a condition is true before anything else is asked. `restoring`: the arm that needs nothing
 * but the sources; null if there is none. `locks`: `locksTables`.
 */
export function answeringArm(
  frontier: FrontierOf,
  notStored: Sql | null,
  anew: Sql | null,
  first: { readonly when: Sql | null; readonly arm: number },
  restoring: number | null,
  locks: Sql | null = null,
): Sql {
  const [, second] = frontier.states;
  const isSecond = second === undefined ? null : sql`${GUARDED_STATE} = ${regclass(second)}`;
  const stored =
    isSecond === null
      ? sql`${ARM.stored}`
      : sql`CASE WHEN ${isSecond} THEN ${ARM.otherSlot} ELSE ${ARM.stored} END`;
  const current =
    anew === null
      ? sql`${ARM.current}`
      : sql`CASE WHEN ${anew} THEN ${ARM.anew} ELSE ${ARM.current} END`;
  const test = first.when === null ? sql`` : sql` WHEN ${first.when} THEN ${first.arm}`;
  return guarded(
    frontier,
    notStored === null
      ? stored
      : sql`CASE${test} WHEN ${notStored} THEN ${current} ELSE ${stored} END`,
    restoring,
    locks,
  );
}

/** The columns `names` of the arm that answers, as an item of FROM with the alias `alias`. */
export function chosenArm(
  arms: readonly Arm[],
  names: readonly string[],
  alias: string,
  answering: Sql,
): { readonly from: Sql; readonly where: Sql } {
  let name = 'arm';
  while (names.includes(name)) name = `_${name}`;
  const number = ident(name);
  const numbered = arms.map((arm) => ({
    ...arm,
    columns: [...arm.columns, sql`${arm.number} AS ${number}`],
  }));
  return { from: onlyArms(numbered, alias), where: sql`${ident(alias)}.${number} = ${answering}` };
}

/** Arms that all answer together, as an item of FROM. */
export function onlyArms(arms: readonly Arm[], alias: string): Sql {
  const selects = arms.map(
    ({ columns, from, label }) => sql`-- ${fragment(label)}
SELECT
  ${lines(columns)}
FROM ${from}`,
  );
  return sql`(
  ${join(selects, '\nUNION ALL\n')}
) AS ${ident(alias)}`;
}
