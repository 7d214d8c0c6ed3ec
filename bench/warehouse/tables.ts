/**
 * The tables that the shapes of TPC-H read, and rows for them: sizes in the proportions of TPC-H,
 * values such that each query finds some. The same rows in every run.
 */
import type { Db } from '../../engine/db/db.ts';

export const WAREHOUSE_TABLES = `
CREATE TABLE zone (id int PRIMARY KEY, name text);
CREATE TABLE land (id int PRIMARY KEY, name text, zone int);
CREATE TABLE supplier (id int PRIMARY KEY, name text, land int, balance numeric(10, 2),
    remark text);
CREATE TABLE buyer (
  id int PRIMARY KEY, name text, land int, phone text, balance numeric(10, 2), segment text
);
CREATE TABLE part (
  id int PRIMARY KEY, name text, maker text, brand text, kind text, size int, box text,
  price numeric(10, 2)
);
CREATE TABLE supply (
  part int, supplier int, available int, cost numeric(10, 2), PRIMARY KEY (part, supplier)
);
CREATE TABLE purchase (
  id int PRIMARY KEY, buyer int, state text, total numeric(10, 2), placed date, priority text,
  remark text
);
CREATE TABLE line (
  purchase int, number int, part int, supplier int, qty numeric(6, 2), price numeric(10, 2),
  discount numeric(4, 2), tax numeric(4, 2), returned text, state text, shipped date,
  promised date, received date, instruction text, mode text, PRIMARY KEY (purchase, number)
);
`;

/** What an application that reads orders by buyer, and lines by part or supplier, has. */
const INDEXES = `
CREATE INDEX ON supplier (land);
CREATE INDEX ON buyer (land);
CREATE INDEX ON supply (supplier);
CREATE INDEX ON purchase (buyer);
CREATE INDEX ON line (part, supplier);
CREATE INDEX ON line (supplier);
`;

/** At a scale factor of 1, as TPC-H has them; a purchase has 1 to 7 lines. */
const PURCHASES = 1_500_000;
const PER_PURCHASES = { buyer: 10, part: 7.5, supplier: 150 } as const;
const SUPPLIERS_OF_A_PART = 4;
const LANDS = 25;

export type Sizes = Readonly<Record<'purchases' | 'buyers' | 'parts' | 'suppliers', number>>;

/** @param factor The scale factor: 0.1 gives 150 000 purchases and some 600 000 lines. */
export function sizesOf(factor: number): Sizes {
  const purchases = Math.max(40, Math.round(PURCHASES * factor));
  const share = (divisor: number): number => Math.max(8, Math.round(purchases / divisor));
  return {
    purchases,
    buyers: share(PER_PURCHASES.buyer),
    parts: share(PER_PURCHASES.part),
    suppliers: share(PER_PURCHASES.supplier),
  };
}

/** An integer from 0 to `choices` - 1 by the value of `seed`, by each `use` another. */
const pick = (choices: number, use: number, seed = 'i'): string =>
  `((hashint8extended((${seed})::bigint, ${use}) & 9223372036854775807) % ${choices})`;
const oneOf = (values: readonly string[], use: number, seed?: string): string =>
  `(ARRAY['${values.join("', '")}'])[1 + ${pick(values.length, use, seed)}]`;
const day = (use: number, seed?: string): string =>
  `DATE '1992-01-01' + ${pick(2400, use, seed)}::int`;

/** In the schema `public`, which the session has in its search path from now on. */
export async function createWarehouse(db: Db, sizes: Sizes): Promise<void> {
  await db.execute('SET search_path = public');
  await db.execute(WAREHOUSE_TABLES);
  for (const statement of fill(sizes)) await db.execute(statement);
  await db.execute(INDEXES);
  await db.execute('VACUUM (ANALYZE)');
}

function fill(sizes: Sizes): string[] {
  const { purchases, buyers, parts, suppliers } = sizes;
  const numbered = (rows: number): string => `generate_series(1, ${rows}) AS i`;
  return [
    `INSERT INTO zone SELECT i, (ARRAY['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'])[i]
     FROM ${numbered(5)}`,
    `INSERT INTO land
     SELECT i, coalesce((ARRAY['FRANCE', 'GERMANY', 'CANADA', 'PERU'])[i], 'LAND ' || i), 1 + i % 5
     FROM ${numbered(LANDS)}`,
    `INSERT INTO supplier
     SELECT i, 's' || i, 1 + ${pick(LANDS, 1)}, ${pick(1_000_000, 2)} / 100.0 - 1000,
       CASE ${pick(200, 3)} WHEN 0 THEN 'Customer had Complaints' ELSE 'fine' END
     FROM ${numbered(suppliers)}`,
    `INSERT INTO buyer
     SELECT i, 'b' || i, 1 + ${pick(LANDS, 4)}, (10 + ${pick(25, 5)}) || '-' || i,
       ${pick(1_100_000, 6)} / 100.0 - 1000,
       ${oneOf(['BUILDING', 'AUTO', 'MACHINERY', 'HOUSEHOLD', 'FURNITURE'], 7)}
     FROM ${numbered(buyers)}`,
    `INSERT INTO part
     SELECT i, ${oneOf(['green', 'forest', 'red', 'blue', 'plain', 'dim', 'rosy', 'tan'], 8)} || ' '
         || ${oneOf(['pin', 'pan', 'pot', 'pipe'], 9)},
       'm' || ${pick(5, 10)}, 'B' || 1 + ${pick(25, 11)},
       ${oneOf(['PROMO', 'SMALL', 'LARGE', 'ECONOMY', 'MEDIUM', 'STANDARD'], 12)} || ' '
         || ${oneOf(['STEEL', 'BRASS', 'TIN', 'COPPER', 'NICKEL'], 13)},
       1 + ${pick(50, 14)}, ${oneOf(['SM CASE', 'MED BAG', 'LG BOX', 'JUMBO JAR'], 15)},
       900 + ${pick(110_000, 16)} / 100.0
     FROM ${numbered(parts)}`,
    `INSERT INTO supply
     SELECT i, 1 + (i * 7 + n * ${Math.floor(suppliers / SUPPLIERS_OF_A_PART)}) % ${suppliers},
       1 + ${pick(9999, 17, 'i * 4 + n')}, 1 + ${pick(99_900, 18, 'i * 4 + n')} / 100.0
     FROM ${numbered(parts)}, generate_series(0, ${SUPPLIERS_OF_A_PART - 1}) AS n`,
    `INSERT INTO purchase ${purchaseRows(numbered(purchases), buyers)}`,
    `INSERT INTO line ${lineRows(sizes)} FROM ${LINES_OF_PURCHASES}`,
  ];
}

/** Two of three buyers have purchases, as in TPC-H. */
const purchaseRows = (from: string, buyers: number): string =>
  `SELECT i, least(${buyers}, 1 + ${pick(buyers, 19)} / 3 * 3 + ${pick(2, 20)}),
     ${oneOf(['F', 'O'], 21)},
     ${pick(50_000_000, 22)} / 100.0, ${day(23)},
     ${oneOf(['1-URGENT', '2-HIGH', '3-MEDIUM', '4-LOW', '5-NONE'], 24)},
     CASE ${pick(50, 25)} WHEN 0 THEN 'special requests' ELSE 'none' END
   FROM ${from}`;

const LINES_OF_PURCHASES = `purchase AS p
    CROSS JOIN LATERAL generate_series(1, 1 + ${pick(7, 26, 'p.id')}) AS n`;

/** The lines of the purchases `p`. */
const lineRows = ({ parts, suppliers }: Sizes): string => {
  const seed = 'p.id::bigint * 8 + n';
  const part = `(1 + ${pick(parts, 30, seed)})`;
  return `SELECT p.id, n, ${part},
     1 + (${part} * 7 + ${pick(SUPPLIERS_OF_A_PART, 31, seed)}
       * ${Math.floor(suppliers / SUPPLIERS_OF_A_PART)}) % ${suppliers},
     1 + ${pick(50, 32, seed)}, 900 + ${pick(5_000_000, 33, seed)} / 100.0,
     ${pick(11, 34, seed)} / 100.0, ${pick(9, 35, seed)} / 100.0,
     ${oneOf(['R', 'A', 'N', 'N'], 36, seed)},
     ${oneOf(['F', 'O'], 37, seed)}, p.placed + 1 + ${pick(120, 38, seed)}::int,
     p.placed + 30 + ${pick(60, 39, seed)}::int, p.placed + 2 + ${pick(150, 40, seed)}::int,
     ${oneOf(['DELIVER IN PERSON', 'NONE', 'COLLECT', 'RETURN'], 41, seed)},
     ${oneOf(['AIR', 'MAIL', 'SHIP', 'RAIL', 'TRUCK', 'FOB', 'REG'], 42, seed)}`;
};

/** Of `every` purchases one is changed; `round` says which. */
export type Change = { readonly every: number; readonly round: number };

/** What changes some `rows` rows, lines included. */
export function everyForRows({ purchases }: Sizes, rows: number): number {
  return Math.max(1, Math.round((purchases * ROWS_OF_A_PURCHASE) / rows));
}

const ROWS_OF_A_PURCHASE = 5;

/**
 * Changes purchases and their lines: half of them are updated; the others are deleted, and as many
 * new ones come.
 */
export async function changeWarehouse(db: Db, sizes: Sizes, change: Change): Promise<void> {
  const { every, round } = change;
  const chosen = (id: string, half: number): string =>
    `${id} % ${every} = ${round % every} AND ${id} / ${every} % 2 = ${half}`;
  await db.execute('BEGIN');
  await db.execute(`UPDATE purchase SET total = total + 1 WHERE ${chosen('id', 0)}`);
  await db.execute(`UPDATE line SET price = price + 1 WHERE ${chosen('purchase', 0)}`);
  await db.execute(`DELETE FROM line WHERE ${chosen('purchase', 1)}`);
  await db.execute(`CREATE TEMPORARY TABLE made ON COMMIT DROP AS
    WITH gone AS (DELETE FROM purchase WHERE ${chosen('id', 1)} RETURNING 1)
    SELECT (SELECT max(id) FROM purchase) + row_number() OVER () AS i FROM gone`);
  await db.execute(`INSERT INTO purchase ${purchaseRows('made', sizes.buyers)}`);
  await db.execute(
    `INSERT INTO line ${lineRows(sizes)} FROM ${LINES_OF_PURCHASES}
     WHERE p.id IN (SELECT i FROM made)`,
  );
  await db.execute('COMMIT');
}
