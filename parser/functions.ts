/**
 * What a call by name is: a function, an aggregate or a window function. A name of several kinds is
 * never guessed.
 */
import type { Catalog } from './catalog.ts';
import type { Aggregate, Expr } from './tree.ts';

export type FunctionKind =
  | 'function'
  | 'set_returning'
  | 'aggregate'
  | 'window'
  | 'procedure'
  | 'ambiguous'
  | 'unknown';

type Named = { readonly kind: FunctionKind; readonly readsTime: boolean };

/** By schema and name, what a call of that name can be. */
export type Functions = ReadonlyMap<string, Named>;

/**
 * Overloads that differ in kind make a name ambiguous: which one is meant depends on types, which
 * the text does not tell. A call reads the time if it does by one of them.
 */
export function indexFunctions(catalog: Catalog): Functions {
  const functions = new Map<string, Named>();
  for (const entry of catalog.functions) {
    const key = functionKey(entry.schema, entry.name);
    const kind = entry.returnsSet ? 'set_returning' : entry.kind;
    const known = functions.get(key);
    functions.set(key, {
      kind: known === undefined || known.kind === kind ? kind : 'ambiguous',
      readsTime: entry.readsTime === true || known?.readsTime === true,
    });
  }
  return functions;
}

export const functionNamed = (functions: Functions, schema: string | null, name: string): Named =>
  functions.get(functionKey(schema ?? 'pg_catalog', name)) ?? { kind: 'unknown', readsTime: false };

function functionKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

type Failure = { readonly unreadable: readonly [kind: string, message: string] };

const FAILURES: Readonly<Record<'procedure' | 'ambiguous' | 'unknown', (name: string) => Failure>> =
  {
    unknown: (name) => ({ unreadable: ['unknown_function', `function "${name}" is not known`] }),
    ambiguous: (name) => ({
      unreadable: ['ambiguous_function', `functions of different kinds have the name "${name}"`],
    }),
    procedure: (name) => ({
      unreadable: ['procedure', `procedure "${name}" cannot be called in a query`],
    }),
  };

/**
 * The node of a call that a reader took for an aggregate, because a call can say what only an
 * aggregate can; `map` resolves its arguments.
 */
export function resolveCall(
  call: Aggregate,
  { kind, readsTime }: Named,
  map: (expr: Expr) => Expr,
): Expr | Failure {
  const args = call.args.map(map);
  const { schema, name, star, variadic, span } = call;
  switch (kind) {
    case 'aggregate':
      return {
        ...call,
        args,
        orderBy: call.orderBy.map((sort) => ({ ...sort, expr: map(sort.expr) })),
        filter: call.filter && map(call.filter),
      };
    case 'function':
    case 'set_returning':
      if (star || call.distinct || call.filter !== null || call.orderBy.length > 0)
        return { unreadable: ['unsupported', `call of "${name}" is not one of a function`] };
      return {
        kind: 'call',
        schema,
        name,
        args,
        syntax: 'plain',
        variadic,
        returnsSet: kind === 'set_returning',
        ...(readsTime ? { readsTime } : {}),
        span,
      };
    case 'window':
      return { unreadable: ['unsupported', `window function "${name}" has no OVER`] };
    default:
      return FAILURES[kind](name);
  }
}
