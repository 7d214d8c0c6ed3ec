/**
 * Functions that are declared IMMUTABLE and compute something else in some sessions: a body in
 * quotes that sets no search_path finds its names by that of the session, and imat computes under
 * `search_path = pg_catalog`. The body is resolved with each other schema that has a name of
 * PostgreSQL's as well, before pg_catalog and behind it. With several of these schemas PostgreSQL
 * takes nothing that it does not take with one.
 */
import { quoteIdent } from '../../parser/quote.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { Resolved } from './body-trees.ts';
import { resolvedUnder } from './body-trees.ts';
import { numberOf, visitNodes } from './stored-tree.ts';
import { FIRST_NORMAL_OID } from './type-output.ts';

/** IN, BETWEEN, CASE and LIKE call operators that no text names. */
const SHARED_SQL = `
WITH named AS (
  SELECT p.proname AS name, p.pronamespace AS schema, false AS is_hidden FROM pg_proc p
  WHERE p.oid >= 16384 AND EXISTS (
    SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.oid < 16384)
  UNION
  SELECT p.oprname, p.oprnamespace, p.oprname ~ '^([<>]|[<>]?=|<>|!?~~?\\*?)$' FROM pg_operator p
  WHERE p.oid >= 16384 AND EXISTS (
    SELECT FROM pg_operator o WHERE o.oprname = p.oprname AND o.oid < 16384)
  UNION
  SELECT t.typname, t.typnamespace, false FROM pg_type t
  WHERE t.oid >= 16384 AND EXISTS (
    SELECT FROM pg_type o WHERE o.typname = t.typname AND o.oid < 16384)
  UNION
  SELECT c.collname, c.collnamespace, false FROM pg_collation c
  WHERE c.oid >= 16384 AND EXISTS (
    SELECT FROM pg_collation o WHERE o.collname = c.collname AND o.oid < 16384)
), shared AS MATERIALIZED (
  SELECT o.name, n.nspname::text AS schema, o.is_hidden
  FROM named o JOIN pg_namespace n ON n.oid = o.schema
  WHERE n.nspname !~ '^pg_(toast_)?temp_'
    AND n.nspname NOT IN ('imat', 'imat_catalog', 'imat_store')
)
SELECT p.oid, (
    SELECT coalesce(json_agg(DISTINCT s.schema ORDER BY s.schema), '[]') FROM shared s
    WHERE s.is_hidden OR strpos(lower(p.prosrc), lower(s.name::text)) > 0) AS schemas
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid = ANY ($1::oid[]) AND p.provolatile = 'i' AND p.prosqlbody IS NULL
  AND l.lanname IN ('sql', 'plpgsql') AND EXISTS (SELECT FROM shared) AND NOT EXISTS (
    SELECT FROM unnest(p.proconfig) c(setting) WHERE c.setting LIKE 'search\\_path=%')
ORDER BY 1`;

/**
 * Of the functions given, those that are such, or call such, and a schema with which they compute
 * something else. A body that cannot be read counts as what it is declared. Inside a transaction;
 * leaves nothing behind.
 */
export async function computingOtherwise(
  db: Db,
  functions: readonly number[],
  within: readonly number[] = [],
): Promise<ReadonlyMap<number, string>> {
  const asked = functions.filter((oid) => oid >= FIRST_NORMAL_OID && !within.includes(oid));
  const found = new Map<number, string>();
  if (asked.length === 0) return found;
  const rows = await db.query<{ oid: number; schemas: readonly string[] }>(SHARED_SQL, [
    `{${asked.join(',')}}`,
  ]);
  for (const { oid, schemas } of rows) {
    const own = await resolved(db, oid, 'pg_catalog');
    if (own === null) continue;
    const other = await otherSchema(db, oid, schemas, textOf(own));
    const inner = await computingOtherwise(db, calledIn(own), [...within, oid]);
    const schema = other ?? [...inner.values()][0];
    if (schema !== undefined) found.set(oid, schema);
  }
  return found;
}

async function otherSchema(
  db: Db,
  oid: number,
  schemas: readonly string[],
  own: string,
): Promise<string | null> {
  for (const schema of schemas)
    for (const path of [`pg_catalog, ${quoteIdent(schema)}`, `${quoteIdent(schema)}, pg_catalog`]) {
      const other = await resolved(db, oid, path);
      if (other === null || textOf(other) !== own) return schema;
    }
  return null;
}

/** Null if the body cannot be read. */
const resolved = (db: Db, oid: number, path: string): Promise<readonly Resolved[] | null> =>
  rolledBack(db, () => resolvedUnder(db, oid, path)).catch((error: unknown) => {
    if (!isRejected(error)) throw error;
    return null;
  });

const textOf = (body: readonly Resolved[]): string =>
  JSON.stringify(body, (_, value: unknown) => (value instanceof Map ? [...value] : value));

function calledIn(body: readonly Resolved[]): number[] {
  const called = new Set<number>();
  for (const { tree } of body)
    visitNodes(tree, (node) => {
      for (const field of ['funcid', 'opfuncid']) called.add(numberOf(node, field) ?? 0);
    });
  return [...called];
}
