/**
 * Whether names in a function's body mean the same under every search_path that finds them. Where
 * PostgreSQL has resolved a call of a function or an operator, another schema must have none of the
 * same name that could take the same arguments: it may be found first, or fit better. What could
 * take an argument is overrated where that is simpler.
 */
import type { Db } from '../db/db.ts';
import { TEXT } from './stored-constants.ts';
import type { TreeNode } from './stored-tree.ts';
import { nodesOf, numberOf, typeOf, visitNodes } from './stored-tree.ts';
import { FIRST_NORMAL_OID } from './type-output.ts';

/** `arguments`: their types before hidden conversions; 0 for one that can become any. */
type Named = {
  readonly kind: 'function' | 'operator';
  readonly oid: number;
  readonly arguments: readonly number[] | null;
};

/** Of `CoercionForm`. */
const EXPLICIT_CALL = 0;
const IMPLICIT_CAST = 2;

const FORMS = ['funcformat', 'relabelformat', 'coerceformat'] as const;

const formOf = (node: TreeNode): number | null =>
  FORMS.map((field) => numberOf(node, field)).find((form) => form !== null) ?? null;

/** Whether a type is called like a function: `date(x)`, where no function is. */
export const isTypeAsFunction = (node: TreeNode): boolean =>
  /^(RELABELTYPE|COERCEVIAIO|ARRAYCOERCEEXPR)/.test(node.node) && formOf(node) === EXPLICIT_CALL;

function givenType(node: TreeNode): number {
  if (node.node.startsWith('CONST')) return 0;
  const [argument] = [...nodesOf(node, 'arg'), ...nodesOf(node, 'args')];
  if (formOf(node) === IMPLICIT_CAST && argument !== undefined) return givenType(argument);
  return typeOf(node) ?? 0;
}

function namedIn(tree: TreeNode): Named[] {
  const found: Named[] = [];
  visitNodes(tree, (node) => {
    const args = nodesOf(node, 'args');
    const operator = numberOf(node, 'opno');
    if (operator !== null) {
      // The right side of `= ANY (..)` is an array of what the operator takes.
      const isArray = node.node.startsWith('SCALARARRAYOPEXPR');
      const types = args.map((arg, index) => (isArray && index === 1 ? 0 : givenType(arg)));
      found.push({ kind: 'operator', oid: operator, arguments: types });
    } else if (node.node.startsWith('FUNCEXPR') && formOf(node) === EXPLICIT_CALL) {
      const hasList = args.some((arg) => arg.node.startsWith('ARRAY'));
      found.push({
        kind: 'function',
        oid: numberOf(node, 'funcid') ?? 0,
        arguments: hasList ? null : args.map(givenType),
      });
    }
  });
  return found;
}

const BASE = (type: string): string =>
  `(SELECT coalesce(nullif(b.typbasetype, 0), b.oid) FROM pg_type b WHERE b.oid = ${type})`;

/** Whether a value of the type `a.type` can become an argument of the type `t.type`. */
const REACHES = `(a.type = 0 OR ${BASE('a.type')} = ${BASE('t.type')}
  OR EXISTS (
    SELECT FROM pg_type x WHERE x.oid = t.type AND x.typtype = 'p'
      OR x.oid IN (${BASE('a.type')}, ${BASE('t.type')}) AND x.typtype = 'd')
  OR EXISTS (
    SELECT FROM pg_type x, pg_type y WHERE x.oid = a.type AND y.oid = t.type
      AND (x.typcategory = 'A' AND y.typcategory = 'A'
        OR y.typtype = 'c' AND x.typtype IN ('c', 'p')))
  OR EXISTS (
    SELECT FROM pg_cast c WHERE c.castcontext = 'i'
      AND c.castsource IN (a.type, ${BASE('a.type')})
      AND c.casttarget IN (t.type, ${BASE('t.type')})))`;

const OTHERS_SQL = `
WITH used AS (
  SELECT u.kind, u.oid, CASE WHEN jsonb_typeof(u.arguments) = 'array' THEN ARRAY(
    SELECT e.value::oid FROM jsonb_array_elements_text(u.arguments) WITH ORDINALITY e(value, place)
    ORDER BY e.place) END AS arguments
  FROM jsonb_to_recordset($1::jsonb) u(kind text, oid oid, arguments jsonb)
), others AS (
  SELECT u.arguments, o.proname::text AS name, o.pronamespace AS schema, o.pronargs AS most,
    o.pronargs - o.pronargdefaults AS least,
    o.provariadic <> 0 AS is_list, o.proargtypes::oid[] AS types
  FROM used u JOIN pg_proc p ON p.oid = u.oid
    JOIN pg_proc o ON o.proname = p.proname AND o.pronamespace <> p.pronamespace
  WHERE u.kind = 'function'
  UNION ALL
  SELECT u.arguments, o.oprname::text, o.oprnamespace, 2, 1, false,
    array_remove(ARRAY[o.oprleft, o.oprright], 0::oid)
  FROM used u JOIN pg_operator p ON p.oid = u.oid
    JOIN pg_operator o ON o.oprname = p.oprname AND o.oprnamespace <> p.oprnamespace
      AND (o.oprleft = 0) = (p.oprleft = 0)
  WHERE u.kind = 'operator'
)
SELECT DISTINCT o.name FROM others o JOIN pg_namespace n ON n.oid = o.schema
WHERE n.nspname !~ '^pg_(toast_)?temp_' AND (o.arguments IS NULL
  OR (o.is_list OR cardinality(o.arguments) BETWEEN o.least AND o.most) AND NOT EXISTS (
    SELECT FROM unnest(o.arguments) WITH ORDINALITY a(type, place)
      JOIN unnest(o.types) WITH ORDINALITY t(type, place) USING (place)
    WHERE (NOT o.is_list OR place < o.most) AND NOT ${REACHES}))
ORDER BY 1 LIMIT 1`;

/** A name that could mean something else under another search_path; null if there is none. */
export async function ambiguousName(db: Db, trees: readonly TreeNode[]): Promise<string | null> {
  const named = trees.flatMap(namedIn);
  if (named.length === 0) return null;
  const [other] = await db.query<{ name: string }>(OTHERS_SQL, [JSON.stringify(named)]);
  return other?.name ?? null;
}

/**
 * The same of types and collations, which are found by their names alone. A table is a type as
 * well: one that is called `text` is found first only where pg_catalog is put behind its schema,
 * and what is no row then fails.
 */
export async function ambiguousLooseName(
  db: Db,
  loose: { readonly types: readonly string[]; readonly collations: readonly string[] },
): Promise<string | null> {
  if (loose.types.length + loose.collations.length === 0) return null;
  const [other] = await db.query<{ name: string }>(
    `SELECT u.name FROM (
       SELECT t.typname::text AS name, t.typnamespace AS schema, 'type' AS kind FROM pg_type t
       WHERE t.typtype <> 'c' AND t.typname IN (SELECT jsonb_array_elements_text($1::jsonb))
       UNION ALL
       SELECT c.collname::text, c.collnamespace, 'collation' FROM pg_collation c
       WHERE c.collname IN (SELECT jsonb_array_elements_text($2::jsonb))
     ) u JOIN pg_namespace n ON n.oid = u.schema
     WHERE n.nspname !~ '^pg_(toast_)?temp_'
     GROUP BY u.kind, u.name HAVING count(DISTINCT u.schema) > 1 ORDER BY 1 LIMIT 1`,
    [JSON.stringify(loose.types), JSON.stringify(loose.collations)],
  );
  return other?.name ?? null;
}

/**
 * Why names in a body in quotes can mean something else later, and nothing says so: PostgreSQL
 * looks them up at each call.
 */
export function looseIn(trees: readonly TreeNode[], hasUntyped: boolean): string | null {
  let problem: string | null = null;
  const isUsers = (node: TreeNode, field: string): boolean =>
    (numberOf(node, field) ?? 0) >= FIRST_NORMAL_OID;
  for (const tree of trees)
    visitNodes(tree, (node) => {
      const isCast = IS_CAST.has(numberOf(node, 'funcformat'));
      if (isUsers(node, 'opno') || (isCast && isUsers(node, 'funcid')))
        problem ??= "uses an operator or a cast that is not PostgreSQL's own";
      const isLoose = (argument: TreeNode): boolean =>
        isUnwrittenCast(argument) || (hasUntyped && isMaybeUntyped(argument));
      if (!isCast && isUsers(node, 'funcid') && nodesOf(node, 'args').some(isLoose))
        problem ??= OVERLOADED;
    });
  return problem;
}

const OVERLOADED = 'calls a function with arguments of other types: an overload could fit better';

/**
 * The same of a user's function that takes any type, or a list of arguments: one with these types,
 * or with as many arguments, fits better.
 */
export async function openCallIn(db: Db, trees: readonly TreeNode[]): Promise<string | null> {
  const called = new Set<number>();
  for (const tree of trees)
    visitNodes(tree, (node) => {
      const oid = numberOf(node, 'funcid') ?? 0;
      if (oid >= FIRST_NORMAL_OID) called.add(oid);
    });
  if (called.size === 0) return null;
  const open = await db.query(
    `SELECT FROM pg_proc p WHERE p.oid::bigint = ANY ($1::bigint[])
       AND (p.provariadic <> 0 OR EXISTS (
         SELECT FROM pg_type t WHERE t.oid = ANY (p.proargtypes::oid[]) AND t.typtype = 'p'))
     LIMIT 1`,
    [`{${[...called].join(',')}}`],
  );
  return open.length === 0 ? null : OVERLOADED;
}

/** Of `CoercionForm`: a cast that is written, and one that is not. */
const IS_CAST: ReadonlySet<number | null> = new Set([1, IMPLICIT_CAST]);

const isUnwrittenCast = (node: TreeNode): boolean =>
  ['funcformat', 'relabelformat', 'coerceformat'].some(
    (field) => numberOf(node, field) === IMPLICIT_CAST,
  );

/**
 * Whether an argument may have been written without a type. One that became text is not meant: of
 * several overloads PostgreSQL takes the one with text for it, so none that comes later.
 */
const isMaybeUntyped = (node: TreeNode): boolean =>
  node.node === 'CONST' && numberOf(node, 'consttype') !== TEXT;
