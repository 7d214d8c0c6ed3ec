/**
 * Resolves names: which occurrence of which relation a column belongs to, and what kind of function a name calls. A name
 * that may mean two things is refused, never guessed.
 */
import type { Catalog, CatalogRelation } from './tree.ts';

/** One item of FROM that columns can come from; `columns` is null where they are unknown because the item was refused. */
export type ScopeItem = {
  readonly relation: number;
  readonly alias: string;
  readonly columns: ReadonlySet<string> | null;
};

/** `merged` holds the columns that some USING merges. */
export type Scope = { readonly items: readonly ScopeItem[]; readonly merged: ReadonlySet<string> };

export type Resolved =
  | { readonly kind: 'column'; readonly relation: number }
  /** It belongs to a part that is refused already. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly refusal: string; readonly message: string };

const SYSTEM_COLUMNS = ['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax'];

/** Resolves a column of a definition; `alias` is null for an unqualified name. */
export function resolveColumn(scope: Scope, alias: string | null, name: string): Resolved {
  const items = alias === null ? scope.items : scope.items.filter((item) => item.alias === alias);
  const owners = items.filter((item) => item.columns?.has(name));
  const [owner, second] = owners;
  // PostgreSQL names the side that a merged column comes from. It prints the bare name only where both sides are cast to a
  // common type, so that the column is neither of them.
  if (alias === null && scope.merged.has(name))
    return refused(
      'merged_column',
      `merged column "${name}" of USING differs in type from both of its sides`,
    );
  if (second !== undefined) return refused('ambiguous_column', `column "${name}" is ambiguous`);
  if (owner !== undefined) return { kind: 'column', relation: owner.relation };
  if (items.some((item) => item.columns === null)) return { kind: 'unknown' };
  if (SYSTEM_COLUMNS.includes(name))
    return refused('system_column', `system column "${name}" cannot be maintained incrementally`);
  if (alias === null && scope.items.some((item) => item.alias === name))
    return refused('whole_row', `whole-row reference "${name}" is not supported`);
  return refused(
    'unknown_column',
    `column "${alias === null ? '' : `${alias}.`}${name}" is not known`,
  );
}

function refused(refusal: string, message: string): Resolved {
  return { kind: 'refused', refusal, message };
}

export type FunctionKind =
  | 'function'
  | 'aggregate'
  | 'window'
  | 'procedure'
  | 'ambiguous'
  | 'unknown'
  | 'set_returning';

/** By schema and name, what a call of that name can be. */
export type Functions = ReadonlyMap<string, FunctionKind>;

/** Overloads that differ in kind make a name ambiguous: which one is meant depends on types, which the text does not tell. */
export function indexFunctions(catalog: Catalog): Functions {
  const functions = new Map<string, FunctionKind>();
  for (const entry of catalog.functions) {
    const key = functionKey(entry.schema, entry.name);
    const kind = entry.returnsSet ? 'set_returning' : entry.kind;
    const known = functions.get(key);
    functions.set(key, known === undefined || known === kind ? kind : 'ambiguous');
  }
  return functions;
}

export function functionKind(
  functions: Functions,
  schema: string | null,
  name: string,
): FunctionKind {
  return functions.get(functionKey(schema ?? 'pg_catalog', name)) ?? 'unknown';
}

function functionKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

export function findRelation(
  catalog: Catalog,
  schema: string,
  name: string,
): CatalogRelation | undefined {
  return catalog.relations.find((relation) => relation.schema === schema && relation.name === name);
}
