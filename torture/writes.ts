/** Random transactions of a writer: their statements depend on the seed alone. */
import type { Chance } from '../tools/chance.ts';
import {
  boundOfGuest,
  CHANGES,
  IDS,
  type Schema,
  type Table,
  tablesOf,
  writable,
} from './schema.ts';

/** A comparison inside the transaction, beside statements. */
export const COMPARE = 'compare';
export const SLEEP = 'sleep';

export type Transaction = {
  readonly isolation: string;
  readonly statements: readonly string[];
  readonly end: 'COMMIT' | 'ROLLBACK' | 'PREPARE';
};

export function randomTransaction(chance: Chance, schema: Schema): Transaction {
  const isolation = chance.pick([
    'READ COMMITTED',
    'READ COMMITTED',
    'READ COMMITTED',
    'REPEATABLE READ',
    'SERIALIZABLE',
  ]);
  const statements: string[] = [];
  const some = (): void => {
    for (let count = chance.int(1, 4); count > 0; count--) {
      statements.push(randomStatement(chance, chance.pick(schema.tables)));
      if (chance.in100(20)) statements.push(COMPARE);
    }
  };
  some();
  if (chance.in100(30)) {
    statements.push('SAVEPOINT a');
    some();
    statements.push(chance.in100(50) ? 'ROLLBACK TO SAVEPOINT a' : 'RELEASE SAVEPOINT a');
    statements.push(COMPARE);
    if (chance.in100(50)) some();
  }
  if (chance.in100(8)) statements.push(SLEEP);
  const dice = chance.int(1, 100);
  return {
    isolation,
    statements,
    end: dice <= 15 ? 'ROLLBACK' : dice <= 20 ? 'PREPARE' : 'COMMIT',
  };
}

function condition(chance: Chance): string {
  const from = chance.int(0, IDS - 1);
  return chance.pick([
    `id BETWEEN ${from} AND ${from + chance.int(0, 20)}`,
    `id = ${from}`,
    `g = ${chance.int(0, 5)} AND id % ${chance.int(3, 9)} = 0`,
    `g IS NULL AND id > ${from}`,
    `r < ${chance.int(0, 30)}`,
  ]);
}

function row(chance: Chance, table: Table, id?: number): string {
  const values = writable(table).map((column) =>
    column.name === 'id' && id !== undefined ? String(id) : chance.pick(column.values),
  );
  return `(${values.join(', ')})`;
}

const names = (table: Table): string =>
  writable(table)
    .map((column) => column.name)
    .join(', ');

function assignment(chance: Chance, table: Table): string {
  const columns = writable(table).filter((column) => column.name !== 'id' || !table.hasKey);
  const chosen = new Set(Array.from({ length: chance.int(1, 2) }, () => chance.pick(columns)));
  return [...chosen].map((column) => `${column.name} = ${chance.pick(column.values)}`).join(', ');
}

const KINDS = [
  'insert',
  'insert',
  'insert',
  'update',
  'update',
  'update',
  'updateAll',
  'delete',
  'delete',
  'upsert',
  'merge',
  'cte',
  'select',
  'move',
  'truncate',
] as const;

export function randomStatement(chance: Chance, table: Table): string {
  const isTree = table.parts === 'inherited';
  const target = isTree ? chance.pick(tablesOf(table)) : `public.${table.name}`;
  const rows = isTree && chance.in100(15) ? `ONLY ${target}` : target;
  const fresh = (count: number): string =>
    Array.from({ length: count }, () => row(chance, table)).join(', ');
  const insert = `INSERT INTO ${target} (${names(table)})`;
  const kind = chance.pick(KINDS);
  switch (kind) {
    case 'insert':
      return `${insert} VALUES ${fresh(chance.int(1, 6))}${
        table.hasKey ? ' ON CONFLICT DO NOTHING' : ''
      }`;
    case 'update':
      return `UPDATE ${rows} SET ${assignment(chance, table)} WHERE ${condition(chance)}`;
    case 'updateAll':
      return `UPDATE ${rows} SET spare = ${chance.int(1, 9)} WHERE id % 11 = ${chance.int(0, 9)}`;
    case 'delete':
      return `DELETE FROM ${rows} WHERE ${condition(chance)}`;
    case 'upsert':
      return table.hasKey
        ? `${insert} VALUES ${fresh(1)} ON CONFLICT (id) DO UPDATE SET ${assignment(chance, table)}`
        : `${insert} VALUES ${fresh(3)}`;
    case 'merge':
      return `MERGE INTO ${rows} t
        USING (VALUES (${chance.int(0, IDS - 1)}), (${chance.int(0, IDS - 1)})) s(id)
          ON t.id = s.id AND t.id < ${IDS}
        WHEN MATCHED AND t.g = ${chance.int(0, 3)} THEN DELETE
        WHEN MATCHED THEN UPDATE SET ${assignment(chance, table)}
        WHEN NOT MATCHED THEN INSERT (id, g, r) VALUES (s.id, ${chance.int(0, 5)}, NULL)`;
    case 'cte':
      return `WITH gone AS (DELETE FROM ${target} WHERE ${condition(chance)} RETURNING id)
        ${insert} SELECT ${writable(table)
          .map((column) => (column.name === 'id' ? 'gone.id' : chance.pick(column.values)))
          .join(', ')} FROM gone`;
    case 'select':
      return `${insert} SELECT ${writable(table)
        .map((column) =>
          column.name === 'id' ? 'i' : `(${chance.pick(column.values)})::${column.type}`,
        )
        .join(', ')} FROM generate_series(${chance.int(0, 280)}, ${chance.int(281, 299)}, 7) AS i
        ${table.hasKey ? 'ON CONFLICT DO NOTHING' : ''}`;
    case 'move':
      return `UPDATE ${target} SET ${table.hasKey ? 'g' : 'id'} = ${chance.int(0, 5)}
        WHERE ${condition(chance)}`;
    default:
      return chance.in100(20)
        ? `TRUNCATE ${target}${chance.in100(50) ? ' CASCADE' : ''}`
        : `DELETE FROM ${target} WHERE id % 3 = 0 AND ${condition(chance)}`;
  }
}

export type SchemaChange = {
  readonly statements: readonly string[];
  /** What restores the schema, after a while. */
  readonly undo: readonly string[];
  /** Drops imats and the views that stand for their definitions. */
  readonly breaks?: boolean;
};

/** In one transaction, which counts before anybody sees the label. */
const renamed = (from: string, to: string): string =>
  `SELECT nextval('public.${CHANGES}'); ALTER TYPE public.mood RENAME VALUE '${from}' TO '${to}'`;

export function randomDdl(chance: Chance, { tables }: Schema): SchemaChange {
  const table = chance.pick(tables);
  const { name } = table;
  const alter = `ALTER TABLE public.${name}`;
  const used = chance.pick(table.columns.filter((one) => !['id', 'spare'].includes(one.name)));
  // A generated column goes with those that it is made of.
  const dropped = table.columns.filter(
    (one) => one === used || (used.name === 'g' && one.values.length === 0),
  );
  const rename = (from: string, to: string): string => `${alter} RENAME COLUMN ${from} TO ${to}`;
  switch (chance.int(0, 9)) {
    case 0:
      return {
        statements: [`${alter} ADD COLUMN extra int DEFAULT 7`],
        undo: [`${alter} DROP COLUMN extra`],
      };
    case 1:
      return {
        statements: [rename(used.name, `${used.name}_x`)],
        undo: [rename(`${used.name}_x`, used.name)],
      };
    case 2:
      return {
        statements: [`${alter} RENAME TO ${name}_x`],
        undo: [`ALTER TABLE public.${name}_x RENAME TO ${name}`],
      };
    case 3:
      return {
        statements: [`${alter} ALTER COLUMN spare TYPE bigint`],
        undo: [`${alter} ALTER COLUMN spare TYPE int`],
      };
    case 4:
      return {
        statements: [`CREATE INDEX x_${name} ON public.${name} (g)`],
        undo: [`DROP INDEX public.x_${name}`],
      };
    case 5:
      return { statements: [rename('spare', 'spare_x')], undo: [rename('spare_x', 'spare')] };
    case 6:
      return {
        statements: [renamed('ok', 'fine')],
        undo: [renamed('fine', 'ok')],
      };
    case 7:
      return {
        statements: [
          `BEGIN; ${alter} DROP COLUMN spare; ${alter} ADD COLUMN spare int DEFAULT 3; COMMIT`,
        ],
        undo: [],
      };
    case 8:
      return used.values.length === 0 || used.name === 'r' || table.parts === 'list'
        ? { statements: [`${alter} ALTER COLUMN g TYPE bigint`], undo: [] }
        : {
            statements: [
              `BEGIN; ${alter} DROP COLUMN ${used.name} CASCADE;
               ${dropped.map((one) => `${alter} ADD COLUMN ${one.name} ${one.type};`).join(' ')}
               COMMIT`,
            ],
            undo: [],
            breaks: true,
          };
    default:
      return {
        statements: [`BEGIN; ${alter} DISABLE TRIGGER USER; ${alter} ENABLE TRIGGER USER; COMMIT`],
        undo: [],
      };
  }
}

/** A guest comes, is written to, and goes: five ways. */
export function randomPartitionChange(chance: Chance, { tables }: Schema): string[] {
  const table = tables.find((one) => one.parts !== null);
  if (table === undefined) return [];
  const root = `public.${table.name}`;
  const guest = `${root}_guest`;
  const isTree = table.parts === 'inherited';
  const bound = isTree ? '' : `FOR VALUES ${boundOfGuest(table)}`;
  const rows = Array.from({ length: 8 }, () => {
    const values = writable(table).map((column) =>
      column.name === 'id'
        ? String(chance.int(200, 299))
        : column.name === 'g'
          ? chance.pick(['4', '5'])
          : column.name === 'r'
            ? 'NULL'
            : chance.pick(column.values),
    );
    return `(${values.join(', ')})`;
  }).join(', ');
  const fill = `INSERT INTO ${guest} (${names(table)}) VALUES ${rows}${
    table.hasKey ? ' ON CONFLICT DO NOTHING' : ''
  }`;
  const come = chance.pick([
    [
      isTree
        ? `CREATE TABLE ${guest} () INHERITS (${root})`
        : `CREATE TABLE ${guest} PARTITION OF ${root} ${bound}`,
      fill,
    ],
    [
      `CREATE TABLE ${guest} (LIKE ${root} INCLUDING ALL)`,
      fill,
      isTree
        ? `ALTER TABLE ${guest} INHERIT ${root}`
        : `ALTER TABLE ${root} ATTACH PARTITION ${guest} ${bound}`,
    ],
  ]);
  const stay = chance.pick([[fill], [`TRUNCATE ${guest}`, fill], [`DELETE FROM ${guest}`], []]);
  const go = chance.pick([
    [
      isTree
        ? `ALTER TABLE ${guest} NO INHERIT ${root}`
        : `ALTER TABLE ${root} DETACH PARTITION ${guest}`,
    ],
    isTree ? [] : [`ALTER TABLE ${root} DETACH PARTITION ${guest} CONCURRENTLY`],
    [],
  ]);
  const after = go.length > 0 && chance.in100(30) ? [`UPDATE ${guest} SET g = 5`] : [];
  const count = `SELECT nextval('public.${CHANGES}')`;
  return [count, ...come, SLEEP, ...stay, SLEEP, ...go, SLEEP, ...after, `DROP TABLE ${guest}`];
}
