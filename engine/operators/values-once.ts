/** What the aggregates of a grouping read of a row, and the parts over these values. */
import type { Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { PartAllocator } from '../aggregates/parts.ts';
import { ColumnNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { sql } from '../sql/sql.ts';
import type { Shape } from './rule.ts';
import { written } from './rule.ts';
import type { Store, ValuesOnce } from './store.ts';
import { valueOnce } from './store-rows.ts';

/** How what an aggregate reads of a row is written, as operands. */
export type Reading = {
  readonly argument: (expr: Expr, filter: Expr | null) => Sql;
  readonly condition: (filter: Expr) => Sql;
};

const operand = (expr: Expr, input: Shape): Sql =>
  expr.kind === 'column' ? written(expr, input) : sql`(${written(expr, input)})`;

/** Over the rows of the input. */
export const asWritten = (input: Shape): Reading => ({
  argument: (expr) => operand(expr, input),
  condition: (filter) => operand(filter, input),
});

/**
 * Null where no argument is more than a column. An argument is not computed for rows that its
 * FILTER leaves out: it may fail for them. A constant is computed once anyway, and stands for
 * itself wherever it is an argument or a FILTER: parts are told apart by their text. `plan` makes
 * the parts.
 */
export function valuesOnce(
  input: Shape,
  { keys, parts, extremes }: Pick<Store, 'keys' | 'parts' | 'extremes'>,
  plan: (allocator: PartAllocator, reading: Reading) => unknown,
): ValuesOnce | null {
  const names = new ColumnNames();
  for (const { name } of [...keys, ...extremes]) names.take(name);
  const values = new Map<string, { readonly name: string; readonly value: Sql }>();
  let isMore = false;
  const once = (wanted: string, value: Sql): Sql => {
    const known = values.get(value.text);
    if (known !== undefined) return valueOnce(known.name);
    const name = names.take(wanted);
    values.set(value.text, { name, value });
    return valueOnce(name);
  };
  const allocator = new PartAllocator(new ColumnNames());
  plan(allocator, {
    condition: (filter) => {
      const [name, value] = [nameOf(filter), operand(filter, input)];
      return name === '' ? value : once(`if_${name}`, value);
    },
    argument: (expr, filter) => {
      const name = nameOf(expr);
      const value = operand(expr, input);
      if (name === '') return value;
      if (expr.kind === 'column') return once(name, value);
      isMore = true;
      if (filter === null) return once(name, value);
      const taken = sql`CASE WHEN ${operand(filter, input)} THEN ${value} END`;
      return once(`${name}_if_${nameOf(filter)}`, taken);
    },
  });
  if (!isMore) return null;
  return {
    values: [...values.values()],
    parts: parts.map(({ name }, index) => {
      const part = allocator.parts[index];
      if (part === undefined || allocator.parts.length !== parts.length)
        throw new Error(`part ${name} has no form over values`);
      return { ...part, name };
    }),
  };
}

/** What stored columns call an expression: the columns that it reads. */
export function nameOf(expr: Expr): string {
  const read: string[] = [];
  visit(expr, (inner) => {
    if (inner.kind === 'column' && !read.includes(inner.name)) read.push(inner.name);
  });
  return read.join('_');
}
