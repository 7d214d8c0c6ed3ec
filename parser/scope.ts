/**
 * What FROM shows: the names under which columns can be written, what USING merges, and how a name
 * is looked up in that. Inner scopes hide outer ones, as in PostgreSQL. What a name could mean
 * twice is never guessed.
 */
import type { Expr, FromItem, Name, Query, Span } from './tree.ts';

/**
 * A name that columns can be written under; `columns` is null where they are unknown because the
 * item is.
 */
export type Visible = {
  readonly alias: string;
  readonly columns: ReadonlyMap<string, MakeColumn> | null;
  /** The item of FROM, where a bare alias can mean its row. */
  readonly relation: number | null;
};

export type MakeColumn = (span: Span | null) => Expr;

/** What FROM, or a part of it, shows: names, and what USING merges. */
export type Shown = {
  readonly visible: readonly Visible[];
  readonly merged: ReadonlyMap<string, MakeColumn>;
};

const SYSTEM_COLUMNS = ['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax'];

export const NOTHING: Shown = { visible: [], merged: new Map() };

export type Found = Expr | 'twice' | 'unknown' | undefined;

export function lookUp(shown: Shown, name: Name, first: string, second: string | undefined): Found {
  const under = shown.visible.find((one) => one.alias === first);
  if (name.star || second !== undefined) {
    if (under === undefined) return undefined;
    if (name.star) return wholeRow(under, name.span);
    return qualifiedColumn(under, second ?? '', name.span);
  }
  const column = bareColumn(shown, first, name.span);
  if (column !== undefined) return column;
  if (shown.visible.some((one) => one.columns === null)) return 'unknown';
  const [sole] = shown.visible;
  if (SYSTEM_COLUMNS.includes(first) && shown.visible.length === 1 && sole !== undefined)
    return systemColumn(sole, first, name.span);
  return under === undefined ? undefined : wholeRow(under, name.span);
}

function qualifiedColumn(under: Visible, name: string, span: Span | null): Found {
  if (under.columns === null) return 'unknown';
  const make = under.columns.get(name);
  if (make !== undefined) return make(span);
  return SYSTEM_COLUMNS.includes(name) ? systemColumn(under, name, span) : undefined;
}

const systemColumn = ({ relation }: Visible, name: string, span: Span | null): Found =>
  relation === null ? undefined : { kind: 'column', relation, name, span };

const wholeRow = ({ relation }: Visible, span: Span | null): Found =>
  relation === null ? undefined : { kind: 'whole_row', relation, span };

export function bareColumn(
  shown: Shown,
  name: string,
  span: Span | null,
): Expr | 'twice' | undefined {
  const merged = shown.merged.get(name);
  if (merged !== undefined) return merged(span);
  const [make, second] = shown.visible.flatMap((one) => one.columns?.get(name) ?? []);
  return second === undefined ? make?.(span) : 'twice';
}

export function together(left: Shown, right: Shown): Shown {
  return {
    visible: [...left.visible, ...right.visible],
    merged: new Map([...left.merged, ...right.merged]),
  };
}

export type Join = Extract<FromItem, { kind: 'join' }>;
type Merged = NonNullable<Join['using']>[number];

/**
 * The column that USING makes of two: either one of an inner join, the side that is kept of an
 * outer one.
 */
export function mergedColumn(
  join: Join,
  alias: string | null,
  { name, left, right }: Merged,
): MakeColumn {
  return (span) => {
    const target: Expr =
      join.type === 'full'
        ? { kind: 'keyword', name: 'COALESCE', args: [left, right], span }
        : join.type === 'right'
          ? right
          : left;
    return { kind: 'join_column', alias, name, merged: true, target, span };
  };
}

export function usingAlias(join: Join, using: Join['using']): Visible[] {
  const { usingAlias: alias } = join;
  if (alias === null) return [];
  const columns = (using ?? []).map((one) => [one.name, mergedColumn(join, alias, one)] as const);
  return [{ alias, columns: new Map(columns), relation: null }];
}

/** An alias of the whole join: all of its columns under one name, the merged ones first. */
export function underAlias(join: Join, alias: string, shown: Shown): Shown {
  const all: (readonly [string, MakeColumn])[] = [
    ...shown.merged,
    ...shown.visible
      .filter((one) => one.relation !== null)
      .flatMap((one) => [...(one.columns ?? [])])
      .filter(([name]) => !shown.merged.has(name)),
  ];
  const columns = all.map(([own, make], index) => {
    const name = join.columnAliases[index] ?? own;
    const column: MakeColumn = (span) => ({
      kind: 'join_column',
      alias,
      name,
      merged: false,
      target: make(span),
      span,
    });
    return [name, column] as const;
  });
  const isUnknown = shown.visible.some((one) => one.columns === null);
  return {
    visible: [{ alias, columns: isUnknown ? null : new Map(columns), relation: null }],
    merged: new Map(),
  };
}

/** The column names of a query's result. */
export function outputNames(query: Query, aliases: readonly string[]): string[] {
  const own = ((): string[] => {
    switch (query.kind) {
      case 'select':
        return query.targets.map((target) => target.name);
      case 'set_operation':
        return outputNames(query.left, []);
      case 'values':
        return (query.rows[0] ?? []).map((_, index) => `column${index + 1}`);
    }
  })();
  return [...aliases, ...own.slice(aliases.length)];
}
