/**
 * Reads the plain core with pgsql-ast-parser: one SELECT over tables and inner joins. An
 * allow-list: at a node that is not on it, or whose reading is known to go wrong, the reader gives
 * up and PostgreSQL's own grammar reads the definition. That what it does read is right is proved
 * by the server gate; a text that this grammar misreads costs a round trip.
 */
import type { OrderByStatement, SelectedColumn, SelectFromStatement } from 'pgsql-ast-parser';
import { parse } from 'pgsql-ast-parser';
import type { Select, Sort } from '../tree.ts';
import { adaptExpr } from './expressions.ts';
import { adaptFrom } from './from.ts';
import type { Reading } from './reading.ts';
import { nameOf, startReading } from './reading.ts';

/** The tree with its names unresolved; null for what is outside of the plain core. */
export function readWithPgsqlAst(text: string): Select | null {
  const statement = parseSelect(text);
  if (statement === null) return null;
  const reading = startReading(text, adaptExpr);
  const select = adaptSelect(reading, statement);
  return reading.gaveUp ? null : select;
}

function parseSelect(text: string): SelectFromStatement | null {
  try {
    const [statement, ...others] = parse(text, { locationTracking: true });
    return statement?.type === 'select' && others.length === 0 ? statement : null;
  } catch {
    return null;
  }
}

function adaptSelect(reading: Reading, statement: SelectFromStatement): Select {
  const { limit, for: locking, skip, distinct, where, having } = statement;
  if (limit || locking || skip || (distinct && typeof distinct !== 'string')) reading.giveUp(null);
  const { relations, from } = adaptFrom(reading, statement.from ?? []);
  return {
    kind: 'select',
    recursive: false,
    ctes: [],
    limit: null,
    locking: [],
    span: { start: 0, end: reading.text.length },
    first: 0,
    relations,
    from,
    where: where ? reading.expr(where) : null,
    distinct: distinct === 'distinct',
    distinctOn: [],
    groupBy: (statement.groupBy ?? []).map((expr) => ({ kind: 'expr', expr: reading.expr(expr) })),
    groupDistinct: false,
    grouped: false,
    having: having ? reading.expr(having) : null,
    windows: [],
    targets: (statement.columns ?? []).map((column) => adaptTarget(reading, column)),
    orderBy: (statement.orderBy ?? []).map((sort) => adaptSort(reading, sort)),
  };
}

function adaptTarget(reading: Reading, column: SelectedColumn): Select['targets'][number] {
  return {
    name: column.alias ? nameOf(reading, column.alias) : '',
    expr: reading.expr(column.expr),
  };
}

function adaptSort(reading: Reading, { by, order, nulls }: OrderByStatement): Sort {
  return { expr: reading.expr(by), direction: order ?? null, nulls: nulls ?? null };
}
