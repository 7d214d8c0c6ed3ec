/** A random schema: tables with several types, keys, references, partitions and heirs. */
import type { Chance } from '../tools/chance.ts';

export type Column = {
  readonly name: string;
  readonly type: string;
  /** SQL literals to write; none of a generated column. */
  readonly values: readonly string[];
  /** Whether equal values are identical, so that it can be a key. */
  readonly isKey: boolean;
  /** Whether sum and avg take it. */
  readonly isNumber: boolean;
};

export type Table = {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly hasKey: boolean;
  /** Partitions, or tables that inherit. */
  readonly parts: 'range' | 'list' | 'inherited' | null;
  /** The table whose `id` its column `r` references. */
  readonly references: string | null;
};

export type Schema = { readonly tables: readonly Table[]; readonly statements: readonly string[] };

/** Ids are below this. */
export const IDS = 300;
const ROWS = 120;

const numbers = (low: number, high: number): string[] =>
  Array.from({ length: high - low + 1 }, (_, index) => String(low + index));

const ID: Column = {
  name: 'id',
  type: 'int',
  values: numbers(0, IDS - 1),
  isKey: true,
  isNumber: true,
};
const GROUP: Column = {
  name: 'g',
  type: 'int',
  values: [...numbers(0, 5), 'NULL'],
  isKey: true,
  isNumber: true,
};
const REFERENCE: Column = { ...ID, name: 'r', values: [...numbers(0, IDS - 1), 'NULL'] };
const GENERATED: Column = {
  name: 'made',
  type: 'int GENERATED ALWAYS AS (COALESCE(g, 0) * 2 + id % 3) STORED',
  values: [],
  isKey: true,
  isNumber: true,
};

/** What else a table may have. */
const EXTRAS: readonly Omit<Column, 'name'>[] = [
  { type: 'bigint', values: ['0', '1', '-7', '4000000000', 'NULL'], isKey: true, isNumber: true },
  {
    type: 'numeric(12,2)',
    values: ['0', '1.5', '-2.25', '100.1', 'NULL'],
    isKey: true,
    isNumber: true,
  },
  {
    type: 'numeric',
    values: ['0', '1.50', '1.5', '-2.125', `'NaN'`, 'NULL'],
    isKey: false,
    isNumber: true,
  },
  { type: 'text', values: [`'a'`, `'b'`, `''`, `'a b'`, 'NULL'], isKey: true, isNumber: false },
  { type: 'boolean', values: ['true', 'false', 'NULL'], isKey: true, isNumber: false },
  { type: 'date', values: [`'2026-01-01'`, `'2026-02-28'`, 'NULL'], isKey: true, isNumber: false },
  {
    type: 'timestamptz',
    values: [`'2026-01-01 10:00+00'`, `'2026-03-29 02:30+02'`, 'NULL'],
    isKey: true,
    isNumber: false,
  },
  { type: 'float8', values: ['0.5', '-1.25', '8', 'NULL'], isKey: false, isNumber: true },
  { type: 'mood', values: [`'sad'`, `'ok'`, `'glad'`, 'NULL'], isKey: true, isNumber: false },
  { type: 'int[]', values: [`'{}'`, `'{1,2}'`, `'{3}'`, 'NULL'], isKey: true, isNumber: false },
  { type: 'jsonb', values: [`'{"a": 1}'`, `'[]'`, 'NULL'], isKey: false, isNumber: false },
];

/** Never read by a definition, so that DDL may do with it what it likes. */
const UNUSED: Column = {
  name: 'spare',
  type: 'int',
  values: ['1', '2', 'NULL'],
  isKey: false,
  isNumber: false,
};

/** Counts how often labels of the enum are renamed and guests come, for every snapshot alike. */
export const CHANGES = 'changes';

export function randomSchema(chance: Chance): Schema {
  const tables: Table[] = [];
  for (let index = 0, count = chance.int(3, 5); index < count; index++)
    tables.push(randomTable(chance, `t${index}`, index, tables));
  return {
    tables,
    statements: [
      `CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'glad')`,
      `CREATE SEQUENCE public.${CHANGES}`,
      ...tables.flatMap(createTable),
      ...tables.flatMap((table) => insertRows(chance, table)),
      ...(chance.in100(50) ? LARGE : []),
    ],
  };
}

/**
 * Statistics by which the tables have many rows and few values: by these, stores are chosen that
 * small tables do not get.
 */
const LARGE: readonly string[] = [
  `DO $$ DECLARE one regclass; BEGIN
    FOR one IN SELECT oid FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    LOOP
      EXECUTE format('ALTER TABLE %s ALTER g SET (n_distinct = 3, n_distinct_inherited = 3),
        ALTER r SET (n_distinct = 9, n_distinct_inherited = 9)', one);
    END LOOP;
  END $$`,
  'ANALYZE',
  `UPDATE pg_class SET reltuples = 100000, relpages = 1
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
];

function randomTable(chance: Chance, name: string, index: number, before: readonly Table[]): Table {
  const extras = Array.from({ length: chance.int(2, 5) }, (_, nth) => ({
    ...chance.pick(EXTRAS),
    name: `c${nth}`,
  }));
  const parts = index === 1 ? chance.pick(['range', 'list', 'inherited'] as const) : null;
  const hasKey = (parts === null || parts === 'range') && chance.in100(70);
  const targets = before.filter((one) => one.hasKey && one.parts === null);
  return {
    name,
    columns: [ID, GROUP, REFERENCE, ...extras, ...(chance.in100(40) ? [GENERATED] : []), UNUSED],
    hasKey,
    parts,
    references: targets.length > 0 && chance.in100(40) ? chance.pick(targets).name : null,
  };
}

function createTable(table: Table): string[] {
  const { name, parts, references } = table;
  const columns = table.columns.map((column) => {
    const type = column.type === 'mood' ? 'public.mood' : column.type;
    const key = table.hasKey ? ' PRIMARY KEY' : ' NOT NULL';
    const reference =
      references === null ? '' : ` REFERENCES public.${references} ON DELETE SET NULL`;
    const more = column.name === 'id' ? key : column.name === 'r' ? reference : '';
    return `${column.name} ${type}${more}`;
  });
  const by =
    parts === 'range'
      ? ' PARTITION BY RANGE (id)'
      : parts === 'list'
        ? ' PARTITION BY LIST (g)'
        : '';
  return [`CREATE TABLE public.${name} (${columns.join(', ')})${by}`, ...partsOf(table)];
}

/** The partition for ids from 200, or for the groups 4 and 5, comes and goes. */
export const boundOfGuest = (table: Table): string =>
  table.parts === 'range' ? 'FROM (200) TO (300)' : 'IN (4, 5)';

/** Suffixes of the tables that inherit, and of what they inherit from. */
const HEIRS = [
  ['low', ''],
  ['mid', ''],
  ['mid1', '_mid'],
] as const;

/** The tables that a statement may name. */
export const tablesOf = ({ name, parts }: Table): readonly string[] =>
  ['', ...(parts === 'inherited' ? HEIRS.map(([suffix]) => `_${suffix}`) : [])].map(
    (suffix) => `public.${name}${suffix}`,
  );

function partsOf({ name, parts }: Table): string[] {
  const part = (suffix: string, bound: string): string =>
    `CREATE TABLE public.${name}_${suffix} PARTITION OF public.${name} ${bound}`;
  if (parts === 'range')
    return [
      part('low', 'FOR VALUES FROM (MINVALUE) TO (100)'),
      part('mid', 'FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id)'),
      `CREATE TABLE public.${name}_mid1 PARTITION OF public.${name}_mid
        FOR VALUES FROM (100) TO (150)`,
      `CREATE TABLE public.${name}_mid2 PARTITION OF public.${name}_mid
        FOR VALUES FROM (150) TO (200)`,
    ];
  if (parts === 'inherited')
    return HEIRS.map(
      ([suffix, parent]) =>
        `CREATE TABLE public.${name}_${suffix} () INHERITS (public.${name}${parent})`,
    );
  if (parts === 'list')
    return [part('few', 'FOR VALUES IN (0, 1, NULL)'), part('some', 'FOR VALUES IN (2, 3)')];
  return [];
}

/** The columns that a writer names. */
export const writable = (table: Table): readonly Column[] =>
  table.columns.filter((column) => column.values.length > 0);

function insertRows(chance: Chance, table: Table): string[] {
  const columns = writable(table);
  const rows = Array.from({ length: ROWS }, (_, id) => {
    const values = columns.map((column) =>
      column.name === 'id'
        ? String(id)
        : column.name === 'r'
          ? // Half of the rows referenced have been inserted before in any case.
            String(chance.int(0, ROWS - 1))
          : chance.pick(
              table.parts === 'list' && column.name === 'g'
                ? ['0', '1', '2', '3', 'NULL']
                : column.values,
            ),
    );
    return `(${values.join(', ')})`;
  });
  const names = columns.map((column) => column.name).join(', ');
  const targets = tablesOf(table);
  return targets.map((target, index) => {
    const own = rows.filter((_, id) => id % targets.length === index);
    return `INSERT INTO ${target} (${names}) VALUES ${own.join(', ')}`;
  });
}
