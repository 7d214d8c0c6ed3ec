/** What the tables of a schema are made of: columns with few values, so that rows meet. */

export type WritableColumn = {
  readonly name: string;
  /** SQL expressions; NULL comes beside them. */
  readonly values: readonly string[];
  /** How many of a hundred values are NULL. */
  readonly nulls: number;
};

export type WritableTable = {
  readonly name: string;
  /** The columns of the primary key; none where rows can be duplicates. */
  readonly key: readonly string[];
  readonly columns: readonly WritableColumn[];
  /** How many rows it begins with. */
  readonly rows: number;
};

export type Schema = {
  readonly setup: string;
  readonly tables: readonly WritableTable[];
};

export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

export const texts = (...values: readonly string[]): string[] =>
  values.map((value) => `'${value}'`);

export const column = (name: string, values: readonly string[], nulls = 20): WritableColumn => ({
  name,
  values,
  nulls,
});

/** A column of a primary key. */
export const key = (name: string, to: number): WritableColumn => column(name, numbers(1, to), 0);
