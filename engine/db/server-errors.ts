/**
 * Turns what the server reports into what a user can act on; the one place that reads SQLSTATEs.
 */
import type { ErrorCondition } from '../errors/catalogue.ts';
import { forCommandLine } from '../errors/command-hints.ts';
import { ImatError, positionAt } from '../errors/imat-error.ts';
import { shellWord } from '../errors/shell-word.ts';
import { ServerError } from './db.ts';

/** Contention: the same may work next time. */
const CONTENTION = new Set(['40001', '40P01', '55P03']);

/** Where PostgreSQL refuses, whatever the right is. */
export const RIGHTS_HINT = 'docs/rights.md lists what each role needs.';

/** Where the database lacks the language that imat's functions are written in. */
export const LANGUAGE_HINT =
  'Run CREATE EXTENSION plpgsql; then imat repair builds the imats anew that were lost.';

/** Where no imat says otherwise, what the server's SQLSTATEs mean for a user, by code or class. */
const CONDITIONS: Readonly<
  Record<string, { readonly condition: ErrorCondition; readonly hint?: string }>
> = {
  42501: {
    condition: 'insufficient_privilege',
    hint: RIGHTS_HINT,
  },
  42704: { condition: 'not_found' },
  '42P01': { condition: 'not_found' },
  '3F000': { condition: 'not_found' },
  '42P07': { condition: 'already_exists', hint: 'Rename or drop what has the name.' },
  '42P06': { condition: 'already_exists', hint: 'Rename or drop what has the name.' },
  42723: { condition: 'already_exists', hint: 'Rename or drop what has the name.' },
  55000: { condition: 'definition_failed' },
  // Raised by imat's own SQL, under its own codes.
  IM017: { condition: 'frontier_missing' },
  IM021: { condition: 'source_changed' },
  IM024: { condition: 'broken' },
  // In maintenance: a publication of all tables, from PostgreSQL 18 on.
  '42P10': {
    condition: 'definition_failed',
    hint:
      'A publication FOR ALL TABLES must publish stored generated columns: ' +
      'ALTER PUBLICATION ... SET (publish_generated_columns = stored).',
  },
  42809: { condition: 'strategy_unavailable' },
  '2BP01': { condition: 'has_dependents', hint: 'Drop or change these objects first.' },
  25006: {
    condition: 'read_only',
    hint: 'Connect to the primary, or to a role and database that may write.',
  },
  XX001: { condition: 'state_corrupted' },
  // By class: data exceptions, what functions raise and foreign tables, limits such as the depth of
  // the stack, and lack of memory, disk or connections.
  22: { condition: 'definition_failed' },
  '2F': { condition: 'definition_failed' },
  38: { condition: 'definition_failed' },
  39: { condition: 'definition_failed' },
  54: { condition: 'definition_failed' },
  HV: { condition: 'definition_failed' },
  P0: { condition: 'definition_failed' },
  53: { condition: 'server_trouble', hint: 'Try again when the server has room.' },
};

/**
 * What another session has done meanwhile: changed the same row of PostgreSQL's catalog; dropped
 * what a statement has begun to look at; begun to detach a partition; removed the imat whose rows
 * are written; dropped a table or view, whose OID stands in place of its name in a statement of
 * imat then.
 */
const isRace = ({ sqlstate, message, schema, context }: ServerError): boolean =>
  (sqlstate === 'XX000' && CHANGED_MEANWHILE.some((pattern) => pattern.test(message))) ||
  (sqlstate === '55000' && /^cannot alter partition .* with an incomplete detach$/.test(message)) ||
  (sqlstate === '23503' && schema === 'imat_catalog') ||
  (sqlstate === '42601' &&
    /^syntax error at or near "\d+"$/.test(message) &&
    /function imat_catalog\./.test(context ?? '')) ||
  (sqlstate === '42P01' && /function imat_catalog\.required_name\(/.test(context ?? ''));

/** PostgreSQL looks up an OID after another session has dropped what had it. */
const CHANGED_MEANWHILE = [
  /^tuple concurrently (?:updated|deleted)$/,
  /^could not open relation with OID \d+$/,
  /^cache lookup failed for (?:attribute \d+ of )?[a-z ]+ \d+$/,
];

export function toImatError(error: unknown): unknown {
  if (isTooDeep(error))
    return new ImatError('definition_failed', {
      message: 'the query is nested too deeply',
      detail: 'Expressions and set operations of thousands of parts are nested as often.',
      hint: 'Write it with fewer parts, such as = ANY (ARRAY[...]), or a table of values.',
      cause: error,
    });
  if (!(error instanceof ServerError)) return error;
  const { sqlstate, message, detail } = error;
  const hint = error.hint === null ? null : forCommandLine(error.hint);
  const fields = { message, detail: detail ?? undefined, hint: hint ?? undefined, cause: error };
  if (CONTENTION.has(sqlstate) || isRace(error))
    return new ImatError('contention', {
      ...fields,
      hint: hint ?? 'Try again; another session holds a lock, or has changed what is needed.',
    });
  if (sqlstate === '57014')
    return new ImatError('interrupted', {
      ...fields,
      message: 'the command was stopped',
      hint: 'What it had begun was rolled back.',
    });
  if (lacksLanguage(error))
    return new ImatError('not_found', {
      message: 'this database has no language plpgsql',
      detail: "imat's functions and triggers are written in it, and were dropped with it.",
      hint: LANGUAGE_HINT,
      cause: error,
    });
  if (isGone(error))
    return new ImatError('source_changed', {
      message: `something that imat has made is gone: ${message}`,
      detail: 'Somebody dropped or renamed it.',
      hint:
        'Run imat init, which makes what is of the catalog again, and imat repair, which builds ' +
        'anew the imats that lack something.',
      cause: error,
    });
  const known = CONDITIONS[sqlstate] ?? CONDITIONS[sqlstate.slice(0, 2)];
  if (known !== undefined)
    return new ImatError(known.condition, { ...fields, hint: hint ?? known.hint });
  if (isOfARow(error)) return new ImatError('definition_failed', fields);
  return new ImatError('internal', {
    ...fields,
    message: `PostgreSQL reported ${sqlstate}: ${message}`,
  });
}

/** The classes of PostgreSQL's own SQLSTATEs. */
const CLASSES = new Set(
  (
    '00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F ' +
    '40 42 44 53 54 55 57 58 72 F0 HV P0 XX'
  ).split(' '),
);

/**
 * What a definition can fail with for a row besides: a value that its domain refuses, a subquery
 * with two rows, and a code that a user's function has chosen. Constraints of a table, and rows
 * that one command would change twice, which have a hint, would be imat's own.
 */
const isOfARow = ({ sqlstate, table, hint }: ServerError): boolean =>
  (/^23(?:502|514)$/.test(sqlstate) && table === null) ||
  (sqlstate === '21000' && hint === null) ||
  !CLASSES.has(sqlstate.slice(0, 2));

/** A routine or a relation of imat's own schemas. Names stand in messages of every language. */
const isGone = ({ sqlstate, message }: ServerError): boolean =>
  (sqlstate === '42883' && /\bimat(?:_store|_catalog)?\./.test(message)) ||
  (sqlstate === '42P01' && /\bimat_(?:store|catalog)\./.test(message));

/** DROP EXTENSION plpgsql CASCADE takes nearly everything along that imat has made. */
const lacksLanguage = ({ sqlstate, message }: ServerError): boolean =>
  sqlstate === '42704' && /\bplpgsql\b/.test(message);

/** V8's words for a stack that is full. */
const isTooDeep = (error: unknown): boolean =>
  error instanceof RangeError && error.message === 'Maximum call stack size exceeded';

/**
 * What the server reports while it evaluates a definition is the definition's own failure, whatever
 * it calls (a function that raises, a materialized view without data), unless the rights, the
 * server or another session are in the way.
 */
export function definitionFailure(error: unknown): unknown {
  const unqualified = unqualifiedName(error);
  if (unqualified !== null) return unqualified;
  const known = toImatError(error);
  if (
    !(error instanceof ServerError) ||
    !(known instanceof ImatError) ||
    !MEANS_THE_DEFINITION.has(known.condition)
  )
    return known;
  // What PostgreSQL does not accept, or itself takes for a bug, is not for the user to mend.
  if (known.condition === 'internal' && /^(?:42|XX)/.test(error.sqlstate)) return known;
  return new ImatError('definition_failed', {
    message: error.message,
    detail: error.detail ?? undefined,
    hint: error.hint ?? undefined,
    cause: error,
  });
}

/** undefined_table, undefined_function, undefined_object (a type) */
const UNDEFINED = new Set(['42P01', '42883', '42704']);

/**
 * A function of the definition names an object without its schema. imat runs definitions with
 * `search_path = pg_catalog`, as PostgreSQL refreshes materialized views from version 17 on.
 */
function unqualifiedName(error: unknown): ImatError | null {
  if (!(error instanceof ServerError) || !UNDEFINED.has(error.sqlstate)) return null;
  const name = /^(?:SQL|PL\/\w+) function "?([^"\n]+?)"?(?: during| statement| line|$)/m.exec(
    error.context ?? '',
  )?.[1];
  if (name === undefined) return null;
  return new ImatError('definition_failed', {
    message: `function ${name} of the definition names an object without its schema`,
    detail: `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`,
    hint:
      `Write the schema in the function's body, or set its path: ` +
      `ALTER FUNCTION ${name} SET search_path = public.`,
    cause: error,
  });
}

const MEANS_THE_DEFINITION: ReadonlySet<ErrorCondition> = new Set([
  'internal',
  'strategy_unavailable',
  'not_found',
]);

/** Runs `body` and rethrows the server's errors as imat's. */
export async function translated<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw toImatError(error);
  }
}

/**
 * The same for the maintenance of an imat: what its definition fails with says of which imat, and
 * what to do.
 */
export async function maintained<T>(
  name: string,
  command: 'fold' | 'swap',
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await translated(body);
  } catch (error) {
    if (!(error instanceof ImatError) || error.condition !== 'definition_failed') throw error;
    const { message, detail, hint, cause } = error;
    // A publication says which of several it was.
    const other =
      cause instanceof ServerError && cause.schema === 'imat' && cause.table !== name
        ? cause.table
        : null;
    const place = `PostgreSQL said so while imat "${other ?? name}" was maintained.`;
    const again =
      other === null
        ? `run imat ${command} ${shellWord(name)} to retry now`
        : `see imat status ${shellWord(other)} for the time of the next attempt`;
    // What is stored can have values that a domain has not allowed since: no row has to be fixed.
    const refused = cause instanceof ServerError && cause.sqlstate.startsWith('23');
    const anew = refused
      ? ` If no row is wrong any more, imat repair ${shellWord(other ?? name)} helps.`
      : '';
    throw new ImatError('definition_failed', {
      message,
      detail: detail === null ? place : `${detail} ${place}`,
      hint: hint ?? `Fix the rows or the definition, then ${again}.${anew}`,
      cause,
    });
  }
}

/**
 * A syntax or name error in the user's query, with its place: `offset` is where the query begins in
 * the statement.
 */
export function invalidDefinition(error: ServerError, query: string, offset: number): unknown {
  const known = toImatError(error);
  if (known instanceof ImatError && NOT_THE_QUERY.has(known.condition)) return known;
  const place = error.position === null ? null : error.position - 1 - offset;
  // The server counts characters, JavaScript UTF-16 units.
  const characters = [...query];
  return new ImatError('invalid_definition', {
    message: error.message,
    detail: error.detail ?? undefined,
    hint: error.hint ?? undefined,
    position:
      place !== null && place >= 0 && place <= characters.length
        ? positionAt(query, characters.slice(0, place).join('').length)
        : undefined,
    cause: error,
  });
}

const NOT_THE_QUERY: ReadonlySet<ErrorCondition> = new Set([
  'insufficient_privilege',
  'contention',
  'interrupted',
  'read_only',
  'server_trouble',
]);
