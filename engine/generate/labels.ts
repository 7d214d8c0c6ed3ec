/**
 * The labels of enums under which an answer was stored. ALTER TYPE ... RENAME VALUE changes what
 * `e::text` gives, and no row.
 *
 * The table `labels_<name>` has one row: of each enum its values, and their labels as text. So the
 * values printed again tell whether a label has been renamed since, by the same way by which the
 * definition prints them: PostgreSQL does not go by the snapshot there. A value that is added is
 * printed by no stored row; the next fold takes it in (imat_catalog.take_labels).
 *
 * If a definition lists the values of an enum (`enum_range`), one that is added changes it: the
 * name of their column tells, and the values of now are printed in place of those taken down.
 */
import { treeChanged } from '../operators/pending.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { TimedTable } from './elapsed.ts';
import { timedRewritten } from './elapsed.ts';
import { identify } from './capture.ts';
import { hasOtherSettings } from './settings.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

type Enums = Pick<Subject, 'enums' | 'listedEnums'>;

const column = ({ enums, listedEnums }: Enums, index: number): Sql =>
  ident(`values${index + 1}${listedEnums.includes(enums[index] ?? '') ? '_listed' : ''}`);

const valuesOf = (type: string): Sql => sql`pg_catalog.enum_range(NULL::${fragment(type)})`;

/** Made before anything is stored, so that a rename meanwhile is noticed. */
export function labelsTable(subject: Subject): readonly Statement[] {
  const { names, enums } = subject;
  if (enums.length === 0) return [];
  const values = enums.map((type, index) => sql`${valuesOf(type)} AS ${column(subject, index)}`);
  return [
    {
      label: 'the labels of enums, which can be renamed',
      sql: sql`CREATE TABLE ${names.labels.sql} AS
SELECT e.*, ${row(enums.map((_, index) => taken('e', subject, index)))} AS labels
FROM (
  SELECT ${lines(values)}
) AS e`,
    },
    { label: 'what publications of all tables need', sql: identify(names.labels.sql) },
  ];
}

const row = (values: readonly Sql[]): Sql => sql`ROW(${join(values, ', ')})::text`;

const taken = (alias: string, enums: Enums, index: number): Sql =>
  sql`${ident(alias)}.${column(enums, index)}`;

/** Whether a label is another one since, or a listed value; does not depend on any row. */
function labelsChanged(subject: Subject): Sql | null {
  const { names, enums, listedEnums } = subject;
  if (enums.length === 0) return null;
  const values = enums.map((type, index) =>
    listedEnums.includes(type) ? valuesOf(type) : taken('l', subject, index),
  );
  const isOther = sql`l.labels <> ${row(values)}`;
  return sql`EXISTS (SELECT FROM ${names.labels.sql} AS l WHERE ${isOther})`;
}

/**
 * Whether what is stored and logged stands for other partitions, labels or settings than those of
 * now; null if it cannot.
 */
export function isOtherwise(subject: Subject, timed: readonly TimedTable[]): Sql | null {
  const tests = [
    treeChanged(subject.withParts),
    labelsChanged(subject),
    timedRewritten(timed),
    hasOtherSettings(subject),
  ].flatMap((test) => test ?? []);
  return tests.length === 0 ? null : join(tests, ' OR ');
}
