/**
 * Capture: AFTER STATEMENT triggers on a source that append its changed rows to the change log.
 *
 * - No ALTER TABLE makes a writer fail. The statement names columns; `has_columns` says whether it
 *   still may, and its answer is part of the plan, which any ALTER TABLE invalidates. Otherwise the
 *   command is made anew from column numbers each time, until a command of imat writes the function
 *   again.
 * - TRUNCATE is a reset mark, and so is a statement that inserts or deletes a great part of a large
 *   table. A row of the log goes with each mark, so whatever looks for pending rows finds it. An
 *   update is always logged: how many rows are left of it is known when they have been logged.
 * - SECURITY DEFINER: a writer needs no right on the log. There is no SET clause, which would cost
 *   every statement 12 to 15 % (docs/benchmarks.md); instead everything in the body is qualified,
 *   operators too.
 * - An update is logged net: rows whose logged columns stayed the same, to the last bit, cancel
 *   out.
 * - A source that only swap imats read needs no rows, only a mark that something was written.
 * - ENABLE ALWAYS: a session with session_replication_role = replica is captured as well.
 * - A function for INSERT or DELETE can count the rows for change accounting as well. Its code for
 *   that is a comment until imat_catalog.share_counting wants it.
 *
 * Where the database has the extension table_change_tracker, its trigger function does the same in
 * C for all but TRUNCATE: rows that add up to the same, in the same log.
 */
import { canNet, imageGrouping } from '../operators/image.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { CaptureEvent } from '../sql/names.ts';
import { CAPTURE_EVENTS, CAPTURE_TRIGGERS, logColumn, MERGE_TRIGGER } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, fragment, ident, join, lines, literal, regclass, sql } from '../sql/sql.ts';

export type CaptureTarget = {
  readonly oid: number;
  readonly source: Sql;
  /**
   * Whether it has partitions or inheriting tables. Their triggers call the same functions: they
   * have the root's column names, so the statements are the same (imat_catalog.capture_part).
   */
  readonly hasParts: boolean;
  /** The functions belong to another role than the log: later perhaps to one that cannot use it. */
  readonly isGiven: boolean;
  readonly log: Sql;
  /**
   * What imat makes, by event: asking for TG_OP in a common function costs each statement an
   * expression evaluation or two. Events that are not there are captured by the extension's
   * function.
   */
  readonly functions: Readonly<Partial<Record<CaptureEvent, Sql>>>;
  /** The schema of the extension, where that captures; null for functions of our own. */
  readonly extension: Sql | null;
  /** The logged columns; null where a mark per statement is enough. */
  readonly columns: readonly ColumnFacts[] | null;
};

/**
 * `xid` is the top-level transaction: a savepoint's rows become visible with it, or are rolled
 * back.
 */
export function createLog(log: Sql, columns: readonly ColumnFacts[]): Sql {
  const own = [
    sql`xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id()`,
    sql`weight integer NOT NULL`,
  ];
  return sql`CREATE TABLE ${log} (
  ${lines([...own, ...columns.map(logColumnOf)])}
) WITH (${LOG_OPTIONS});
${identify(log)}`;
}

/**
 * Rows are deleted and updated, which a publication FOR ALL TABLES refuses for tables without an
 * identity. There is no key that would do, and only servers with wal_level = logical write more for
 * it.
 */
export const identify = (table: Sql): Sql => sql`ALTER TABLE ${table} REPLICA IDENTITY FULL`;

/**
 * A log lives by many short-lived rows. Autovacuum never truncates it, which would lock writers out
 * and cancel readers on standby servers; workers do, at moments when nobody is in the way.
 */
const LOG_OPTIONS = join(
  [
    sql`autovacuum_vacuum_scale_factor = 0`,
    sql`autovacuum_vacuum_threshold = 10000`,
    sql`autovacuum_analyze_scale_factor = 0`,
    sql`autovacuum_analyze_threshold = 50000`,
    sql`vacuum_truncate = false`,
  ],
  ', ',
);

/** A log column: base type and collation of the source's, and nothing that could refuse a value. */
export function logColumnOf(column: ColumnFacts): Sql {
  const collate = column.collation === null ? sql`` : sql` COLLATE ${fragment(column.collation)}`;
  return sql`${ident(logColumn(column.attnum))} ${fragment(column.logType)}${collate}`;
}

/** The events for which imat makes a function of its own. */
export const ownEvents = (extension: Sql | null): readonly CaptureEvent[] =>
  CAPTURE_EVENTS.filter((event) => extension === null || event === 'truncate');

/** Nobody is meant to call these, not even as triggers of other tables. */
export function captureFunctions(target: CaptureTarget): readonly Sql[] {
  return CAPTURE_EVENTS.flatMap((event) => {
    const name = target.functions[event];
    if (name === undefined) return [];
    const body = sql`
DECLARE
  changed pg_catalog.int8;${target.hasParts ? PARTS : sql``}
BEGIN
  ${target.isGiven ? guard(target) : sql``}${statementsFor(event, target)}${counting(event, target)}
  RETURN NULL;
END`;
    return [
      sql`CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS ${dollarQuoted(body)}`,
      sql`REVOKE ALL ON FUNCTION ${name}() FROM PUBLIC`,
    ];
  });
}

/**
 * Whether somebody has enabled row-level security is asked each time: no plan of the function
 * depends on it. `to_regclass`: the log can be gone.
 */
const guard = ({ log, oid }: CaptureTarget): Sql =>
  sql`IF NOT imat_store.may_append(${literal(log.text)})
    OR pg_catalog.row_security_active(pg_catalog.to_regclass(${literal(log.text)}))
    OR pg_catalog.row_security_active(pg_catalog.to_regclass('imat_store.reset')) THEN
    PERFORM imat_store.append_reset(${oidOf({ oid })});
    RETURN NULL;
  END IF;
  `;

/**
 * What a function can count as well; null if it cannot. The rows of an update are logged net, and a
 * role that capture was given to may not write to the catalog.
 */
function countableRows(event: CaptureEvent, target: CaptureTarget): Sql | null {
  if (target.columns === null || target.hasParts || target.isGiven) return null;
  return event === 'insert' ? sql`new_rows` : event === 'delete' ? sql`old_rows` : null;
}

/**
 * `imat_catalog.set_counting` makes code of the comment. Somebody may have dropped the catalog: to
 * ask costs less than a block with EXCEPTION.
 */
function counting(event: CaptureEvent, target: CaptureTarget): Sql {
  if (countableRows(event, target) === null) return sql``;
  return sql`
  /*counting
  IF changed OPERATOR(pg_catalog.<>) 0
    AND pg_catalog.to_regclass('imat_catalog.change_count') IS NOT NULL THEN
    INSERT INTO imat_catalog.change_count (counted_id, xid, role, verb, rows)
    VALUES (0, pg_catalog.pg_current_xact_id(), session_user, TG_OP, changed);
  END IF;
  counting*/`;
}

function statementsFor(event: CaptureEvent, target: CaptureTarget): Sql {
  const { log, columns } = target;
  const mark = sql`INSERT INTO ${log} (weight) VALUES (0);`;
  if (columns === null) return mark;
  if (event === 'truncate') return sql`${resetMark(target)}\n${mark}`;
  const rows = logRows(event, target, columns);
  const numbers = `{${columns.map((column) => column.attnum).join(',')}}`;
  const asked = join([oidOf(target), literal(log.text), literal(numbers), namesOf(columns)], ', ');
  if (target.hasParts) return withParts(target, rows, columns, literal(numbers), asked);
  if (columns.length === 0) return rows;
  const counted = countableRows(event, target);
  const count =
    counted === null ? sql`` : sql`\n  changed := (SELECT pg_catalog.count(*) FROM ${counted});`;
  const command = join([literal(log.text), literal(numbers), sql`TG_OP`], ', ');
  return sql`IF imat_store.has_columns(${asked}) THEN
  ${rows}
ELSE
  EXECUTE imat_store.capture_command(TG_RELID, ${command});${count}
END IF;`;
}

/** Of a part, too, the mark is the root's: after a restore, that can have another OID. */
function resetMark(target: CaptureTarget): Sql {
  if (!target.hasParts) return sql`INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);`;
  const root = oidOf(target);
  return sql`INSERT INTO imat_store.reset (relation)
  SELECT ${root} WHERE imat_store.is_root(${root}, TG_RELID);`;
}

const PARTS = sql`
  parts pg_catalog.oid[];
  path pg_catalog.text;`;

/**
 * While the table has other partitions than those that are captured, the command leaves out the
 * rows of those that are not; of inheriting tables it can be a reset mark. `write_parts` of the
 * catalog writes the parts into the first condition. The command contains the conditions of
 * partitions as PostgreSQL prints them under this search_path.
 */
function withParts(
  target: CaptureTarget,
  rows: Sql,
  columns: readonly ColumnFacts[],
  numbers: Sql,
  asked: Sql,
): Sql {
  const root = oidOf(target);
  const log = literal(target.log.text);
  const same = columns.length === 0 ? sql`` : sql` AND imat_store.has_columns(${asked})`;
  return sql`IF NOT imat_store.has_parts(ARRAY[${root}], '{}'::pg_catalog.oid[]) THEN
  parts := '{}';
END IF;
IF parts IS NULL${same} THEN
  ${rows}
ELSE
  path := pg_catalog.current_setting('search_path');
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  EXECUTE imat_store.capture_command(${root}, ${log}, ${numbers}, TG_OP, parts, TG_RELID);
  PERFORM pg_catalog.set_config('search_path', path, true);
END IF;`;
}

/**
 * By number, since a name would be looked up again with each plan. Of the type regclass, since only
 * such a constant makes the plan depend on the table.
 */
const oidOf = ({ oid }: Pick<CaptureTarget, 'oid'>): Sql =>
  sql`${literal(String(oid))}::pg_catalog.regclass`;

const namesOf = (columns: readonly ColumnFacts[]): Sql =>
  sql`ARRAY[${join(
    columns.map((column) => literal(column.name)),
    ', ',
  )}]::pg_catalog.text[]`;

function logRows(
  event: Exclude<CaptureEvent, 'truncate'>,
  target: CaptureTarget,
  columns: readonly ColumnFacts[],
): Sql {
  const logged = [sql`weight`, ...columns.map((column) => ident(logColumn(column.attnum)))];
  const into = sql`INSERT INTO ${target.log} (${join(logged, ', ')})`;
  if (event === 'insert')
    return logBounded(target, sql`${into}\n  ${insertedRows(columns)}`, sql`new_rows`);
  if (event === 'delete')
    return logBounded(
      target,
      sql`${into}\n  SELECT -1${valuesOf('o', columns)} FROM old_rows AS o`,
      sql`old_rows`,
    );
  // Rows without columns are all the same, so an update cancels out.
  return columns.length === 0 ? sql`NULL;` : sql`${into}\n  ${netUpdate(columns)};`;
}

/**
 * This many rows of a statement are logged before anything is asked: for a statement of one row,
 * that costs least. A transition table is always read in the same order.
 */
const ROW_BOUND = 100_000;

function logBounded(target: CaptureTarget, insert: Sql, rows: Sql): Sql {
  return sql`${insert}
  LIMIT ${ROW_BOUND};
GET DIAGNOSTICS changed = ROW_COUNT;
IF changed OPERATOR(pg_catalog.=) ${ROW_BOUND} THEN
  changed := (SELECT pg_catalog.count(*) FROM ${rows});
  IF imat_store.is_loggable(${oidOf(target)}, changed) THEN
    ${insert}
      OFFSET ${ROW_BOUND};
  ELSE
    ${resetMark(target)}
  END IF;
END IF;`;
}

const valuesOf = (alias: string, columns: readonly ColumnFacts[]): Sql =>
  join(
    columns.map((column) => sql`, ${ident(alias)}.${ident(column.name)}`),
    '',
  );

const insertedRows = (columns: readonly ColumnFacts[]): Sql =>
  sql`SELECT 1${valuesOf('n', columns)} FROM new_rows AS n`;

/**
 * Whether a capture function for INSERT, as it is installed, names the columns by the names that
 * they have now.
 */
export const namesColumns = (body: string, columns: readonly ColumnFacts[]): boolean =>
  body.includes(insertedRows(columns).text);

function netUpdate(columns: readonly ColumnFacts[]): Sql {
  if (!canNet(columns)) {
    const removed = sql`SELECT -1${valuesOf('o', columns)} FROM old_rows AS o`;
    return sql`${removed} UNION ALL SELECT 1${valuesOf('n', columns)} FROM new_rows AS n`;
  }
  const logged = (column: ColumnFacts): Sql => ident(logColumn(column.attnum));
  const of = (alias: string): Sql =>
    join(
      columns.map((column) => sql`, ${ident(alias)}.${ident(column.name)} AS ${logged(column)}`),
      '',
    );
  const images = columns.map((column) => imageGrouping(sql`u.${logged(column)}`, column));
  return sql`SELECT pg_catalog.sum(u.weight)${join(
    images.map((image) => sql`, ${image.select}`),
    '',
  )}
FROM (
  SELECT -1 AS weight${of('o')} FROM old_rows AS o
  UNION ALL
  SELECT 1${of('n')} FROM new_rows AS n
) AS u
GROUP BY ${join(
    images.flatMap((image) => image.groupBy),
    ', ',
  )}
HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0`;
}

const WHEN: Readonly<Record<CaptureEvent, { readonly when: Sql; readonly rows: Sql }>> = {
  insert: { when: sql`AFTER INSERT`, rows: sql` REFERENCING NEW TABLE AS new_rows` },
  update: {
    when: sql`AFTER UPDATE`,
    rows: sql` REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows`,
  },
  delete: { when: sql`AFTER DELETE`, rows: sql` REFERENCING OLD TABLE AS old_rows` },
  truncate: { when: sql`BEFORE TRUNCATE`, rows: sql`` },
};

/** Tells the extension where a source's rows go; it looks at once whether the log can take them. */
export const registration = ({ source, log, extension }: CaptureTarget): readonly Sql[] =>
  extension === null
    ? []
    : [sql`SELECT ${extension}.enable_capture(${regclass(source)}, ${regclass(log)})`];

const CAPTURES = literal(
  'imat: captures changes for the views in the schema imat that read this table. ' +
    'See imat status; imat revert removes it with the last of them.',
);

/**
 * All of them take one SHARE ROW EXCLUSIVE lock on the source, which waits for the writers inside.
 */
export function createTriggers(target: CaptureTarget): readonly Sql[] {
  const { extension } = target;
  const created = CAPTURE_EVENTS.map((event) => {
    const { when, rows } = WHEN[event];
    const trigger = ident(CAPTURE_TRIGGERS[event]);
    const referencing = target.columns === null ? sql`` : rows;
    const capture = target.functions[event] ?? sql`${extension ?? sql``}.capture_changes`;
    return sql`CREATE OR REPLACE TRIGGER ${trigger} ${when} ON ${target.source}${referencing}
FOR EACH STATEMENT EXECUTE FUNCTION ${capture}()`;
  });
  const always = CAPTURE_EVENTS.map(
    (event) => sql`ENABLE ALWAYS TRIGGER ${ident(CAPTURE_TRIGGERS[event])}`,
  );
  const described = CAPTURE_EVENTS.map((event) => {
    const trigger = sql`TRIGGER ${ident(CAPTURE_TRIGGERS[event])} ON ${target.source}`;
    return sql`COMMENT ON ${trigger} IS ${CAPTURES}`;
  });
  return [
    ...registration(target),
    ...created,
    sql`ALTER TABLE ${target.source} ${join(always, ', ')}`,
    ...described,
  ];
}

/** Ends what `registration` began, once no trigger needs it. */
export const unregistration = (source: Sql, extension: Sql | null): readonly Sql[] =>
  extension === null ? [] : [sql`SELECT ${extension}.disable_capture(${regclass(source)})`];

/**
 * Takes the triggers away.
 *
 * DROP TRIGGER takes an ACCESS SHARE lock first and then an ACCESS EXCLUSIVE one. A writer who has
 * a lock and asks for ACCESS EXCLUSIVE meanwhile (TRUNCATE) is ended by a deadlock at once. So the
 * strongest lock is taken first, if the role may: DROP TRIGGER takes no more than ownership.
 */
export function dropTriggers(source: Sql, mayLock: boolean): readonly Sql[] {
  const dropped = [...Object.values(CAPTURE_TRIGGERS), MERGE_TRIGGER].map(
    (trigger) => sql`DROP TRIGGER IF EXISTS ${ident(trigger)} ON ${source}`,
  );
  return mayLock ? [sql`LOCK TABLE ONLY ${source} IN ACCESS EXCLUSIVE MODE`, ...dropped] : dropped;
}
