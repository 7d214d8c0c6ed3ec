/** The types of the keys of grouping sets, which only the server knows. */
import type { Expr, Query, Select } from '../../parser/tree.ts';
import { equalExpr } from '../../parser/walk.ts';

type KeyColumn = { readonly type: string; readonly baseType: string };

/**
 * Asks by a query that shows the keys of each row. Null for a domain: a set without the key shows
 * NULL even where the domain allows none, and a cast of NULL to it fails.
 */
export async function keyTypes(
  query: Select,
  keys: readonly Expr[],
  columnsOf: (query: Query) => Promise<readonly KeyColumn[]>,
): Promise<(key: Expr) => string | null> {
  const columns = await columnsOf({
    ...query,
    targets: keys.map((expr, index) => ({ name: `key${index}`, expr })),
    distinct: false,
    distinctOn: [],
    groupBy: [],
    groupDistinct: false,
    grouped: false,
    having: null,
    windows: [],
    orderBy: [],
    limit: null,
  });
  return (key) => {
    const found = columns[keys.findIndex((one) => equalExpr(one, key))];
    return found === undefined || found.type !== found.baseType ? null : found.type;
  };
}
