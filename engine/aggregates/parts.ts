/**
 * Parts: what the state stores of an aggregate. Every part is additive: its value for a group is
 * the sum over the group's rows of weight times the row's contribution, so that a change is added
 * and nothing else of the group is read.
 */
import type { TypeFacts } from '../algebra/facts.ts';
import type { ColumnNames } from '../sql/names.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { and, fragment, ident, sql } from '../sql/sql.ts';

/**
 * A part contributes where all its conditions hold; a `count` contributes 1, a `sum` its value,
 * which is then not null.
 */
export type Part = {
  readonly name: string;
  readonly value: Sql | null;
  readonly conditions: readonly Sql[];
  readonly type: PartType;
  /** Of which input's rows: 0 for those of the group, n for the nth of different values. */
  readonly input: number;
  /** What it is, for people: becomes the column's comment. */
  readonly comment: string;
};

export type PartType = 'bigint' | 'numeric' | 'money' | 'interval';

const ZERO: Record<PartType, Sql> = {
  bigint: sql`0`,
  numeric: sql`0`,
  money: sql`'0'::money`,
  interval: sql`'0'::interval`,
};

export const zeroOf = (part: Part): Sql => ZERO[part.type];

/** Rows of the group; a group exists while it is not 0. */
export const ROW_COUNT: Part = {
  name: OWN_COLUMNS.rows,
  value: null,
  conditions: [],
  type: 'bigint',
  input: 0,
  comment: 'rows of the group',
};

/**
 * What the state stores of an aggregate that gives the first value in an order. It is not additive:
 * generate/extremes.ts merges it.
 */
export type Extreme = {
  readonly name: string;
  /** The name of one of PostgreSQL's own aggregates. */
  readonly aggregate: string;
  /** The operator by which one value comes no later in the order than another. */
  readonly reaches: Sql;
  readonly value: Sql;
  /** Only rows for which all hold have a value. */
  readonly conditions: readonly Sql[];
  /** Of the stored value. */
  readonly facts: TypeFacts;
  readonly comment: string;
};

/** Makes the parts of one aggregate; each gives the name of its column. */
export type Parts = {
  /** Counts the rows for which all conditions hold; without a condition, that is the row count. */
  readonly count: (wanted: string, conditions: readonly Sql[], comment: string) => string;
  readonly sum: (
    wanted: string,
    value: Sql,
    type: PartType,
    conditions: readonly Sql[],
    comment: string,
  ) => string;
  readonly extreme: (wanted: string, extreme: Omit<Extreme, 'name'>) => string;
};

/**
 * Makes the parts of a grouping, once each: aggregates over the same argument share what they
 * store.
 */
export class PartAllocator {
  readonly parts: Part[] = [ROW_COUNT];
  readonly extremes: Extreme[] = [];
  readonly #bySignature = new Map<string, Part>();
  readonly #names: ColumnNames;

  constructor(names: ColumnNames) {
    this.#names = names;
  }

  /**
   * The parts of an aggregate with this FILTER, as people read it; null if it has none. `input`:
   * the rows that they are of.
   */
  for(filter: { readonly suffix: string; readonly label: string } | null, input = 0): Parts {
    const suffix = `${input === 0 ? '' : '_distinct'}${filter?.suffix ?? ''}`;
    const told = (comment: string): string =>
      comment +
      (input === 0 ? '' : ', each value once') +
      (filter === null ? '' : `, if ${filter.label}`);
    const allocate = (
      wanted: string,
      part: Pick<Part, 'value' | 'conditions' | 'type' | 'comment'>,
    ) => this.#allocate(wanted + suffix, { ...part, comment: told(part.comment), input });
    return {
      count: (wanted, conditions, comment) =>
        conditions.length === 0 && input === 0
          ? ROW_COUNT.name
          : allocate(wanted, { value: null, conditions, type: 'bigint', comment }),
      sum: (wanted, value, type, conditions, comment) =>
        allocate(wanted, { value, conditions, type, comment }),
      extreme: (wanted, extreme) =>
        this.#extreme(wanted + suffix, { ...extreme, comment: told(extreme.comment) }),
    };
  }

  #extreme(wanted: string, extreme: Omit<Extreme, 'name'>): string {
    const known = this.extremes.find(
      (one) => one.aggregate === extreme.aggregate && isSameInput(one, extreme),
    );
    if (known !== undefined) return known.name;
    const made = { ...extreme, name: this.#names.take(wanted) };
    this.extremes.push(made);
    return made.name;
  }

  #allocate(wanted: string, part: Omit<Part, 'name'>): string {
    const signature = JSON.stringify([
      part.input,
      part.value?.text ?? null,
      part.type,
      part.conditions.map((condition) => condition.text),
    ]);
    const known = this.#bySignature.get(signature);
    if (known !== undefined) return known.name;
    const made = { ...part, name: this.#names.take(wanted) };
    this.#bySignature.set(signature, made);
    this.parts.push(made);
    return made.name;
  }
}

/** Whether two aggregates are given the same values of the same rows. */
export const isSameInput = (
  a: Pick<Extreme, 'value' | 'conditions'>,
  b: Pick<Extreme, 'value' | 'conditions'>,
): boolean => a.value.text === b.value.text && and(a.conditions).text === and(b.conditions).text;

/** An aggregate of PostgreSQL's own that gives the first value, over `value`. */
export const firstValue = ({ aggregate }: Extreme, value: Sql): Sql =>
  sql`pg_catalog.${ident(aggregate)}(${value})`;

const filterOf = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? sql`` : sql` FILTER (WHERE ${and(conditions)})`;

/** The extreme over all rows of a group, from scratch. */
export const extremeFromScratch = (extreme: Extreme): Sql =>
  sql`${firstValue(extreme, extreme.value)}${filterOf(extreme.conditions)}`;

/** The value of one changed row; NULL where it has none. */
export function valueOfRow({ value, conditions, facts }: Extreme): Sql {
  const typed = sql`(${value})::${fragment(facts.type)}`;
  return conditions.length === 0 ? typed : sql`CASE WHEN ${and(conditions)} THEN ${typed} END`;
}

/** The part over all rows of a group, from scratch. */
export function partFromScratch(part: Part): Sql {
  const filter = filterOf(part.conditions);
  if (part.value === null) return sql`pg_catalog.count(*)${filter}`;
  const sum = sql`pg_catalog.sum(${part.value})${filter}`;
  return sql`COALESCE(${sum}, ${zeroOf(part)})::${fragment(part.type)}`;
}

/** One changed row's contribution; `weight` is a bigint. */
export function partOfRow(part: Part, weight: Sql): Sql {
  const contribution = part.value === null ? weight : weighted(part.value, weight, part.type);
  return part.conditions.length === 0
    ? contribution
    : sql`CASE WHEN ${and(part.conditions)} THEN ${contribution} ELSE ${zeroOf(part)} END`;
}

/**
 * PostgreSQL multiplies an interval in double precision: exact for the whole hours, whose
 * microseconds are a multiple of 2^10, and for the rest apart from them, but not for both at once.
 * Most rows came once or went once, and to multiply a numeric takes twice as long as to ask for
 * that.
 */
function weighted(value: Sql, weight: Sql, type: PartType): Sql {
  if (type === 'interval') {
    const hours = sql`pg_catalog.date_trunc('hour', ${value})`;
    return ofWeight(value, weight, sql`${hours} * ${weight} + (${value} - ${hours}) * ${weight}`);
  }
  const multiple = sql`${value} * ${weight}`;
  return type === 'numeric' && isColumn(value)
    ? ofWeight(value, weight, multiple)
    : sql`(${multiple})::${fragment(type)}`;
}

const ofWeight = (value: Sql, weight: Sql, multiple: Sql): Sql =>
  sql`CASE ${weight} WHEN 1 THEN ${value} WHEN -1 THEN -${value} ELSE ${multiple} END`;

/** What is longer is not written three times. */
const isColumn = ({ text }: Sql): boolean => /^\w+(\.(\w+|"[^"]+"))?$/.test(text);

/** The sum of a part's values `column` over several contributions to one group. */
export function partSum(part: Part, column: Sql): Sql {
  // A global aggregate over no rows gives NULL, so that the one row of an ungrouped imat needs the
  // COALESCE.
  return sql`COALESCE(pg_catalog.sum(${column}), ${zeroOf(part)})::${fragment(part.type)}`;
}
