/** Adapts FROM: tables and inner joins that lean to the left. */
import type { From, FromTable, JoinClause } from 'pgsql-ast-parser';
import type { FromItem, Relation } from '../tree.ts';
import type { Reading } from './reading.ts';
import { nameOf, spanOf } from './reading.ts';

export type Sources = {
  readonly relations: readonly Relation[];
  readonly from: readonly FromItem[];
};

/** An item without a join begins a new tree. */
export function adaptFrom(reading: Reading, items: readonly From[]): Sources {
  const relations: Relation[] = [];
  const from: FromItem[] = [];
  for (const item of items) {
    const right: FromItem = { kind: 'relation', relation: relations.length };
    relations.push(item.type === 'table' ? adaptTable(reading, item) : unread(reading));
    const left = item.join ? from.pop() : undefined;
    from.push(item.join && left ? adaptJoin(reading, item.join, left, right) : right);
  }
  return { relations, from };
}

function adaptTable(reading: Reading, { name: table, lateral }: FromTable): Relation {
  if (lateral) reading.giveUp(null);
  const name = nameOf(reading, table);
  const common = {
    name,
    alias: table.alias === undefined ? name : nameOf(reading, { name: table.alias }),
    aliased: table.alias !== undefined,
    columnAliases: (table.columnNames ?? []).map((column) => nameOf(reading, column)),
    span: spanOf(table),
  };
  if (table.schema === undefined) return { kind: 'cte', ...common };
  const schema = nameOf(reading, { name: table.schema });
  return { kind: 'table', oid: 0, schema, only: false, sample: null, ...common };
}

function unread(reading: Reading): Relation {
  reading.giveUp(null);
  return { kind: 'cte', name: '', alias: '', aliased: false, columnAliases: [], span: null };
}

function adaptJoin(reading: Reading, join: JoinClause, left: FromItem, right: FromItem): FromItem {
  if (join.type !== 'INNER JOIN' && join.type !== 'CROSS JOIN') reading.giveUp(null);
  const span = spanOf(join);
  const using = join.using?.map((column) => {
    const name = nameOf(reading, column);
    const side = { kind: 'name', path: [name], star: false, span: spanOf(column) ?? span } as const;
    return { name, left: side, right: side };
  });
  return {
    kind: 'join',
    left,
    right,
    type: join.type === 'CROSS JOIN' ? 'cross' : 'inner',
    on: join.on ? reading.expr(join.on) : null,
    using: using ?? null,
    usingAlias: null,
    alias: null,
    columnAliases: [],
    span,
  };
}
