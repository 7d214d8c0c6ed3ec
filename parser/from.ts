/**
 * Adapts FROM: relations, the comma list of join trees, and what USING merges. Outer joins, subqueries and the like have
 * been refused by the scan of constructs; they are read here as well as can be, so that the rest of the query resolves.
 */
import type { From, FromTable, JoinClause } from 'pgsql-ast-parser';
import type { Reading } from './reading.ts';
import { rangeOf } from './reading.ts';
import type { Scope, ScopeItem } from './resolve.ts';
import { findRelation } from './resolve.ts';
import type { Source } from './tokens.ts';
import { isName, isPunctuation, isWord, spanOf, tokensWithin } from './tokens.ts';
import type { Catalog, ColumnRef, FromItem, Relation, Span } from './tree.ts';

type Using = NonNullable<Extract<FromItem, { kind: 'join' }>['using']>;

/** The relations with the scope they make; ON conditions come later, in `adaptFrom`, because they need the scope. */
export type Sources = { readonly relations: readonly Relation[]; readonly scope: Scope };

type Refuse = Reading['refuse'];

export function readSources(
  source: Source,
  from: readonly From[],
  catalog: Catalog,
  refuse: Refuse,
): Sources {
  const relations: Relation[] = [];
  const items: ScopeItem[] = [];
  for (const [index, item] of from.entries()) {
    const relation = item.type === 'table' ? readRelation(source, item, catalog, refuse) : null;
    const columns = relation === null ? null : new Set(relation.columns);
    items.push({ relation: index, alias: relation?.relation.alias ?? aliasOf(item), columns });
    relations.push(relation?.relation ?? UNKNOWN_RELATION);
  }
  return {
    relations,
    scope: {
      items,
      merged: new Set(
        from.flatMap((item) => (item.join?.using ? readUsing(source, item.join).names : [])),
      ),
    },
  };
}

/** Keeps the places in `relations` right for an item that is refused. */
const UNKNOWN_RELATION: Relation = {
  oid: 0,
  schema: '',
  name: '',
  alias: '',
  aliased: false,
  span: null,
};

function aliasOf(item: From): string {
  if (item.type === 'table') return item.name.alias ?? item.name.name;
  return item.type === 'statement' ? item.alias : (item.alias?.name ?? item.function.name);
}

type KnownRelation = { readonly relation: Relation; readonly columns: readonly string[] };

function readRelation(
  source: Source,
  item: FromTable,
  catalog: Catalog,
  refuse: Refuse,
): KnownRelation | null {
  const { tokens } = source;
  const first = tokensWithin(
    source,
    item.name._location ?? item._location ?? { start: 0, end: 0 },
  ).first;
  const nameIndex = isPunctuation(tokens[first + 1], '.') ? first + 2 : first;
  const aliasIndex =
    item.name.alias === undefined
      ? null
      : nameIndex + (isWord(tokens[nameIndex + 1], 'as') ? 2 : 1);
  const span = spanOf(source, first, aliasIndex ?? nameIndex);
  const schema = nameIndex === first ? 'pg_catalog' : tokens[first]?.value;
  const name = tokens[nameIndex]?.value ?? '';
  const known = findRelation(catalog, schema ?? '', name);
  if (known === undefined) {
    refuse('unknown_relation', `relation "${schema}.${name}" is not known`, span);
    return null;
  }
  if (item.name.columnNames)
    refuse(
      'column_alias',
      `column aliases of "${tokens[aliasIndex ?? nameIndex]?.value}" are not supported`,
      span,
    );
  const alias = aliasIndex === null ? name : (tokens[aliasIndex]?.value ?? '');
  const relation = {
    oid: known.oid,
    schema: known.schema,
    name: known.name,
    alias,
    aliased: aliasIndex !== null,
    span,
  };
  return { relation, columns: known.columns.map((column) => column.name) };
}

/** The names in `USING (a, b)` with their places; pgsql-ast-parser keeps no places for them. */
function readUsing(
  source: Source,
  join: JoinClause,
): { readonly names: readonly string[]; readonly spans: readonly Span[] } {
  const { first, last } = rangeOf(source, join);
  const using = source.tokens.findIndex((token, index) => index >= first && isWord(token, 'using'));
  const indexes = source.tokens.flatMap((token, index) =>
    index > using && index <= last && isName(token) ? [index] : [],
  );
  return {
    names: indexes.map((index) => source.tokens[index]?.value ?? ''),
    spans: indexes.map((index) => spanOf(source, index, index)),
  };
}

/** The join trees; an item without a join begins a new one. */
export function adaptFrom(reading: Reading, from: readonly From[]): FromItem[] {
  const trees: FromItem[] = [];
  for (const [index, item] of from.entries()) {
    const right: FromItem = { kind: 'relation', relation: index };
    const left = item.join ? trees.pop() : undefined;
    trees.push(item.join && left ? adaptJoin(reading, item.join, left, right) : right);
  }
  return trees;
}

function adaptJoin(reading: Reading, join: JoinClause, left: FromItem, right: FromItem): FromItem {
  return {
    kind: 'join',
    left,
    right,
    type: join.type === 'CROSS JOIN' ? 'cross' : 'inner',
    on: join.on ? reading.adapt(join.on) : null,
    using: join.using ? adaptUsing(reading, join, left, right) : null,
  };
}

function adaptUsing(reading: Reading, join: JoinClause, left: FromItem, right: FromItem): Using {
  const { names, spans } = readUsing(reading.source, join);
  return names.flatMap((name, index) => {
    const span = spans[index] ?? null;
    const sides = [left, right].map((side) => findColumn(reading.scope, side, name));
    const [leftRelation, rightRelation] = sides;
    if (typeof leftRelation === 'number' && typeof rightRelation === 'number') {
      const column = (relation: number): ColumnRef => ({ kind: 'column', relation, name, span });
      return [{ name, left: column(leftRelation), right: column(rightRelation) }];
    }
    if (!sides.includes('unknown'))
      reading.refuse(
        'unknown_column',
        `column "${name}" of USING is not known on both sides`,
        span,
      );
    return [];
  });
}

/** The relation that a merged column's name means on one side of a join: in a join that merges it already, the left one. */
function findColumn(scope: Scope, item: FromItem, name: string): number | 'unknown' | null {
  if (item.kind === 'relation') {
    const { columns } = scope.items[item.relation] ?? { columns: null };
    return columns === null ? 'unknown' : columns.has(name) ? item.relation : null;
  }
  return findColumn(scope, item.left, name) ?? findColumn(scope, item.right, name);
}
