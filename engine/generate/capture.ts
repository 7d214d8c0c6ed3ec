/**
 * Capture: AFTER STATEMENT triggers on a source that append its changed rows to the change log.
 *
 * - SECURITY DEFINER: a writer needs no right on the log. There is no SET clause, which would cost
 *   every statement 12 to 15 % (docs/benchmarks.md); instead everything in the body is qualified,
 *   operators too.
 * - An update is logged net: rows whose logged columns stayed the same, to the last bit, cancel
 *   out.
 * - A source that only swap imats read needs no rows, only a mark that something was written.
 * - ENABLE ALWAYS: a session with session_replication_role = replica is captured as well.
 *
 * Where the database has the extension table_change_tracker, its trigger function does the same in
 * C for all but TRUNCATE: rows that add up to the same, in the same log.
 */
import { canNet, imageGrouping } from '../operators/image.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { CaptureEvent } from '../sql/names.ts';
import { CAPTURE_EVENTS, CAPTURE_TRIGGERS, logColumn } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, fragment, ident, join, lines, regclass, sql } from '../sql/sql.ts';

export type CaptureTarget = {
  readonly source: Sql;
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
  return sql`CREATE TABLE ${log} (
  ${lines([sql`xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id()`, sql`weight integer NOT NULL`, ...columns.map(logColumnOf)])}
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
const LOG_OPTIONS = sql`autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false`;

/** A log column: type and collation of the source's column, none of its constraints. */
export function logColumnOf(column: ColumnFacts): Sql {
  const collate = column.collation === null ? sql`` : sql` COLLATE ${fragment(column.collation)}`;
  return sql`${ident(logColumn(column.attnum))} ${fragment(column.baseType)}${collate}`;
}

/** The events for which imat makes a function of its own. */
export const ownEvents = (extension: Sql | null): readonly CaptureEvent[] =>
  CAPTURE_EVENTS.filter((event) => extension === null || event === 'truncate');

/** Nobody is meant to call these, not even as triggers of other tables. */
export function captureFunctions(target: CaptureTarget): readonly Sql[] {
  return CAPTURE_EVENTS.flatMap((event) => {
    const name = target.functions[event];
    if (name === undefined) return [];
    const statement =
      target.columns === null
        ? sql`INSERT INTO ${target.log} (weight) VALUES (0)`
        : captureStatement(event, target.log, target.columns);
    const body = sql`
BEGIN
  ${statement};
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

function captureStatement(event: CaptureEvent, log: Sql, columns: readonly ColumnFacts[]): Sql {
  const target = join(
    [sql`weight`, ...columns.map((column) => ident(logColumn(column.attnum)))],
    ', ',
  );
  const of = (alias: string): Sql =>
    join(
      columns.map((column) => sql`, ${ident(alias)}.${ident(column.name)}`),
      '',
    );
  const into = sql`INSERT INTO ${log} (${target})`;
  switch (event) {
    case 'insert':
      return sql`${into}\n  ${insertedRows(columns)}`;
    case 'delete':
      return sql`${into}\n  SELECT -1${of('o')} FROM old_rows AS o`;
    case 'update':
      return sql`${into}\n  ${netUpdate(columns)}`;
    case 'truncate':
      // Names are asked for when it happens: the table or a column may have been renamed.
      return sql`IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
  RAISE EXCEPTION USING
    ERRCODE = 'feature_not_supported',
    MESSAGE = 'a table with imats can be truncated in READ COMMITTED transactions only',
    DETAIL = 'TRUNCATE also removes rows that this transaction cannot see, so they could not be captured.',
    HINT = 'Use DELETE, or BEGIN ISOLATION LEVEL READ COMMITTED.';
END IF;
EXECUTE (
  SELECT pg_catalog.format(
    '${quoted(into)} SELECT -1%s FROM ONLY %s AS t',
    pg_catalog.string_agg(pg_catalog.format(', t.%I', a.attname), '' ORDER BY a.attnum),
    TG_RELID::pg_catalog.regclass
  )
  FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid OPERATOR(pg_catalog.=) TG_RELID AND a.attnum OPERATOR(pg_catalog.=) ANY ('{${fragment(columns.map((column) => column.attnum).join(','))}}'::pg_catalog.int2[])
)`;
  }
}

const insertedRows = (columns: readonly ColumnFacts[]): Sql =>
  sql`SELECT 1${join(
    columns.map((column) => sql`, n.${ident(column.name)}`),
    '',
  )} FROM new_rows AS n`;

/**
 * Whether a capture function for INSERT, as it is installed, names the columns by the names that
 * they have now.
 */
export const namesColumns = (body: string, columns: readonly ColumnFacts[]): boolean =>
  body.includes(insertedRows(columns).text);

/** Text within a string literal of a format() call. */
const quoted = (text: Sql): Sql => fragment(text.text.replaceAll("'", "''").replaceAll('%', '%%'));

function netUpdate(columns: readonly ColumnFacts[]): Sql {
  if (columns.length === 0) return sql`SELECT 0 WHERE FALSE`;
  if (!canNet(columns)) {
    const rows = (alias: string): Sql =>
      join(
        columns.map((column) => sql`, ${ident(alias)}.${ident(column.name)}`),
        '',
      );
    return sql`SELECT -1${rows('o')} FROM old_rows AS o UNION ALL SELECT 1${rows('n')} FROM new_rows AS n`;
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

/**
 * All of them take one SHARE ROW EXCLUSIVE lock on the source, which waits for the writers inside.
 */
export function createTriggers(target: CaptureTarget): readonly Sql[] {
  const { extension } = target;
  const created = CAPTURE_EVENTS.map((event) => {
    const { when, rows } = WHEN[event];
    return sql`CREATE OR REPLACE TRIGGER ${ident(CAPTURE_TRIGGERS[event])} ${when} ON ${target.source}${target.columns === null ? sql`` : rows}
FOR EACH STATEMENT EXECUTE FUNCTION ${target.functions[event] ?? sql`${extension ?? sql``}.capture_changes`}()`;
  });
  const always = CAPTURE_EVENTS.map(
    (event) => sql`ENABLE ALWAYS TRIGGER ${ident(CAPTURE_TRIGGERS[event])}`,
  );
  return [
    ...registration(target),
    ...created,
    sql`ALTER TABLE ${target.source} ${join(always, ', ')}`,
  ];
}

/** Takes the triggers away, and the extension's registration of the log. */
export function dropTriggers(source: Sql, extension: Sql | null): readonly Sql[] {
  const dropped = Object.values(CAPTURE_TRIGGERS).map(
    (trigger) => sql`DROP TRIGGER IF EXISTS ${ident(trigger)} ON ${source}`,
  );
  return extension === null
    ? dropped
    : [...dropped, sql`SELECT ${extension}.disable_capture(${regclass(source)})`];
}
