/**
 * Tables that functions declared IMMUTABLE read all the same. PostgreSQL believes the declaration,
 * and so the table would be missing among the sources. Bodies that are not in quotes have
 * dependencies; a body in quotes is searched for names of relations behind FROM, JOIN and their
 * like, and for functions that it seems to call, which are searched as well.
 */
import type { Db } from '../db/db.ts';
import { FIRST_NORMAL_OID } from './type-output.ts';

type Called = { readonly root: number; readonly oid: number };

type BodyRow = Called & {
  readonly language: string;
  readonly body: string;
  readonly tables: readonly string[];
};

const BODIES_SQL = `
WITH RECURSIVE calls(root, oid) AS (
  SELECT u.root, u.oid FROM jsonb_to_recordset($1::jsonb) u(root oid, oid oid)
  UNION
  SELECT c.root, d.refobjid FROM calls c JOIN pg_depend d ON d.classid = 'pg_proc'::regclass
    AND d.objid = c.oid AND d.refclassid = 'pg_proc'::regclass
)
SELECT c.root, c.oid, l.lanname::text AS language, p.prosrc AS body,
  (SELECT coalesce(to_json(array_agg(DISTINCT d.refobjid::regclass::text)), '[]')
   FROM pg_depend d JOIN pg_class r ON r.oid = d.refobjid AND r.relkind <> 'c'
   WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
     AND d.refclassid = 'pg_class'::regclass) AS tables
FROM calls c JOIN pg_proc p ON p.oid = c.oid JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid >= 16384`;

const RELATIONS_SQL = `
SELECT DISTINCT w.n::int AS n, c.oid::regclass::text AS name
FROM jsonb_to_recordset($1::jsonb) w(n int, schema text, name text)
  JOIN pg_class c ON c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  JOIN pg_namespace s ON s.oid = c.relnamespace AND (w.schema IS NULL OR s.nspname = w.schema)
ORDER BY 1, 2`;

/** Without a schema: whatever the search_path is, it may be found. */
const CALLED_SQL = `
SELECT DISTINCT w.root, p.oid
FROM jsonb_to_recordset($1::jsonb) w(root oid, schema text, name text)
  JOIN pg_proc p ON p.proname = w.name AND p.oid >= 16384
  JOIN pg_namespace s ON s.oid = p.pronamespace AND (w.schema IS NULL OR s.nspname = w.schema)
WHERE s.nspname NOT IN ('imat', 'imat_catalog', 'imat_store')`;

/** The bodies of functions and of whatever they call, at any depth. */
async function loadBodies(db: Db, functions: readonly number[]): Promise<readonly BodyRow[]> {
  const found = new Map<string, BodyRow>();
  const keyOf = ({ root, oid }: Called): string => `${root} ${oid}`;
  let wanted: readonly Called[] = functions.map((oid) => ({ root: oid, oid }));
  while (wanted.length > 0) {
    const rows = await db.query<BodyRow>(BODIES_SQL, [JSON.stringify(wanted)]);
    const others = rows.filter((row) => !found.has(keyOf(row)));
    for (const row of others) found.set(keyOf(row), row);
    const calls = others.flatMap(({ root, language, body }) =>
      IN_SQL.has(language) ? namesIn(body, CALLED).map((name) => ({ root, ...name })) : [],
    );
    const called =
      calls.length === 0 ? [] : await db.query<Called>(CALLED_SQL, [JSON.stringify(calls)]);
    wanted = called.filter((one) => !found.has(keyOf(one)));
  }
  return [...found.values()];
}

/**
 * What each of the functions that are declared IMMUTABLE reads, as text for people; functions that
 * read nothing are missing.
 */
export async function hiddenTables(
  db: Db,
  functions: readonly { readonly oid: number; readonly volatility: string }[],
): Promise<ReadonlyMap<number, string>> {
  const declared = functions
    .filter(({ oid, volatility }) => volatility === 'i' && oid >= FIRST_NORMAL_OID)
    .map(({ oid }) => oid);
  if (declared.length === 0) return new Map();
  const rows = await loadBodies(db, declared);
  const candidates = rows.flatMap((row) =>
    IN_SQL.has(row.language)
      ? namesIn(row.body, NAMED).map((name) => ({ root: row.root, ...name }))
      : [],
  );
  const known = await db.query<{ n: number; name: string }>(RELATIONS_SQL, [
    JSON.stringify(candidates.map(({ schema, name }, n) => ({ n, schema, name }))),
  ]);
  const found = new Map<number, Set<string>>();
  const note = (root: number, what: string): void => {
    found.set(root, (found.get(root) ?? new Set()).add(what));
  };
  for (const { root, tables } of rows) for (const table of tables) note(root, table);
  for (const { n, name } of known) note(candidates[n]?.root ?? 0, name);
  for (const { root, language, body } of rows)
    if (IN_SQL.has(language) && RUNS_TEXT.test(codeOf(body)))
      note(root, 'whatever a query that it is given as text names');
  return new Map([...found].map(([root, what]) => [root, [...what].join(', ')]));
}

const IN_SQL: ReadonlySet<string> = new Set(['sql', 'plpgsql']);

/** Dynamic SQL, and PostgreSQL's functions that run a query or read a table given by name. */
const RUNS_TEXT = new RegExp(
  String.raw`\bexecute\b|\b(?:ts_stat|ts_rewrite|(?:query|table|cursor|schema|database)_to_xml\w*` +
    String.raw`|dblink\w*|nextval|currval|lastval|lo_get)\s*\(`,
  'i',
);

const IDENTIFIER = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const NAMED = new RegExp(
  String.raw`\b(?:from|join|into|update|table|using)\s+(?:only\s+)?(${IDENTIFIER})` +
    String.raw`(?:\s*\.\s*(${IDENTIFIER}))?`,
  'gi',
);

const CALLED = new RegExp(
  String.raw`(?<![\w$\u0080-\uffff])(${IDENTIFIER})(?:\s*\.\s*(${IDENTIFIER}))?\s*\(`,
  'g',
);

function namesIn(body: string, pattern: RegExp): { schema: string | null; name: string }[] {
  return [...codeOf(body).matchAll(pattern)].map(([, first = '', second]) =>
    second === undefined
      ? { schema: null, name: unquoted(first) }
      : { schema: unquoted(first), name: unquoted(second) },
  );
}

const STRING = String.raw`\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'`;
const QUOTED_NAME = '"(?:[^"]|"")*"';
const COMMENT = String.raw`--[^\n]*|/\*[\s\S]*?\*/`;
const NO_CODE = new RegExp(`${STRING}|${QUOTED_NAME}|${COMMENT}`, 'g');

/** Without comments, and without what is in strings. */
const codeOf = (body: string): string =>
  body.replaceAll(NO_CODE, (found) => {
    if (found.startsWith('"')) return found;
    return found.endsWith("'") && !/^(?:--|\/\*)/.test(found) ? "''" : ' ';
  });

const unquoted = (word: string): string =>
  word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase();
