/** The Northwind data set and twelve reporting views over it; and random work on it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Random } from '../../../../tools/random.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** northwind.sql, where IMAT_NORTHWIND or the repository's neighbour `shared/data` has it. */
export const NORTHWIND =
  process.env['IMAT_NORTHWIND'] ?? join(ROOT, '../shared/data/northwind.sql');
export const NORTHWIND_VIEWS = join(dirname(NORTHWIND), 'northwind_views.sql');

export const hasNorthwind = (): boolean => existsSync(NORTHWIND) && existsSync(NORTHWIND_VIEWS);

/** The data alone; its own SET commands would change the session. */
export const northwindTables = (): string =>
  readFileSync(NORTHWIND, 'utf8').replaceAll(/^SET .*;$/gm, '');
export const northwindViews = (): string => readFileSync(NORTHWIND_VIEWS, 'utf8');

const COUNTRIES = ['France', 'Germany', 'USA', 'Brazil', 'UK', 'Narnia'];
const REGIONS = ['NULL', `'RJ'`, `'OR'`, `'Nowhere'`];
const CUSTOMERS = ['VINET', 'TOMSP', 'HANAR', 'ALFKI', 'PARIS', 'FISSA', 'NEWCO'];

/** Makes statements for a random transaction, and remembers which orders it has made. */
export function northwindWriter(random: Random): { transaction(): string } {
  let nextOrder = 20_000;
  const date = (): string =>
    `'199${6 + random.below(3)}-0${1 + random.below(9)}-${10 + random.below(18)}'`;
  const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  const customer = (): string => (random.chance(0.1) ? 'NULL' : text(random.pick(CUSTOMERS)));
  const order = (): number =>
    random.chance(0.4)
      ? 20_000 + random.below(Math.max(1, nextOrder - 20_000))
      : 10_248 + random.below(830);
  const product = (): number => 1 + random.below(77);
  const real = (): string =>
    random.chance(0.05) ? 'NULL' : `${random.below(10_000)}.${random.below(100)}`;

  const insertOrder = (): string => {
    const id = nextOrder++;
    return `INSERT INTO orders
        VALUES (
          ${id}, ${customer()}, ${1 + random.below(9)}, ${date()}, ${date()},
          ${random.chance(0.2) ? 'NULL' : date()}, ${1 + random.below(3)}, ${real()},
        'ship', 'street', 'city', ${random.pick(REGIONS)}, '1',
        ${random.chance(0.1) ? 'NULL' : text(random.pick(COUNTRIES))}
        );
      INSERT INTO order_details
      SELECT ${id}, p.product_id, p.unit_price, ${1 + random.below(100)}, 0
      FROM products p
      WHERE p.product_id % ${11 + random.below(20)} = 3`;
  };
  const actions: readonly (() => string)[] = [
    insertOrder,
    insertOrder,
    () =>
      `INSERT INTO order_details
       SELECT o.order_id, ${product()}, ${real().replace('NULL', '1')}, ${random.below(500)}, 0.25
       FROM orders o
       WHERE o.order_id % 50 = ${random.below(50)}
       ON CONFLICT (order_id, product_id) DO UPDATE SET quantity = EXCLUDED.quantity`,
    () =>
      `UPDATE orders
       SET ship_country = ${text(random.pick(COUNTRIES))}, ship_region = ${random.pick(REGIONS)}
       WHERE order_id % 40 = ${random.below(40)}`,
    () =>
      `UPDATE orders
       SET customer_id = ${customer()}, freight = ${real()}
       WHERE order_id IN (${order()}, ${order()}, ${order()})`,
    () =>
      `UPDATE orders
       SET order_date = ${date()}, shipped_date = ${random.chance(0.3) ? 'NULL' : date()},
         ship_via = ${1 + random.below(3)}
       WHERE order_id % 30 = ${random.below(30)}`,
    () =>
      `UPDATE orders
       SET ship_name = 'nothing that a view reads'
       WHERE order_id % 10 = ${random.below(10)}`,
    () =>
      `UPDATE order_details
       SET quantity = quantity + ${random.below(5)}, unit_price = unit_price * 1.1
       WHERE product_id = ${product()}`,
    () =>
      `UPDATE products
       SET category_id = ${random.chance(0.1) ? 'NULL' : String(1 + random.below(8))},
         discontinued = ${random.below(2)}
       WHERE product_id = ${product()}`,
    () =>
      `UPDATE products
       SET unit_price = ${real()},
         units_in_stock = ${random.chance(0.1) ? 'NULL' : String(random.below(200))},
         product_name = 'Product ${random.below(20)}'
       WHERE product_id = ${product()}`,
    () =>
      `UPDATE customers
       SET company_name = 'Company ${random.below(5)}', country = ${random.pick(REGIONS)}
       WHERE customer_id = ${text(random.pick(CUSTOMERS))}`,
    () =>
      `UPDATE shippers
       SET company_name = 'Shipper ${random.below(3)}'
       WHERE shipper_id = ${1 + random.below(3)}`,
    () =>
      `UPDATE categories
       SET category_name = 'Cat ${random.below(3)}'
       WHERE category_id = ${1 + random.below(8)}`,
    () => `DELETE FROM order_details WHERE order_id = ${order()}`,
    () => `DELETE FROM order_details WHERE product_id = ${product()} AND order_id % 2 = 0`,
    () =>
      `WITH gone AS (SELECT ${order()} AS order_id),
         lines AS (
           DELETE FROM order_details USING gone WHERE order_details.order_id = gone.order_id
           RETURNING 1
         )
       SELECT count(*) FROM lines`,
    () => {
      const id = order();
      return `DELETE FROM order_details WHERE order_id = ${id};
        DELETE FROM orders WHERE order_id = ${id}`;
    },
    () =>
      `INSERT INTO customers (customer_id, company_name, country)
       VALUES ('X${random.below(10)}', 'Company ${random.below(5)}', 'USA')
       ON CONFLICT DO NOTHING`,
    () =>
      `DELETE FROM customers c
       WHERE c.customer_id LIKE 'X%'
         AND NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.customer_id)`,
    () =>
      `SAVEPOINT undone;
       TRUNCATE order_details;
       INSERT INTO order_details VALUES (10248, 1, 1, 1, 0);
       ROLLBACK TO undone;
       RELEASE undone`,
    () =>
      `SAVEPOINT undone;
       DELETE FROM order_details;
       DELETE FROM orders;
       ROLLBACK TO undone;
       RELEASE undone`,
  ];
  return {
    transaction() {
      const count = 1 + random.below(3);
      const statements = Array.from({ length: count }, () => random.pick(actions)());
      return `BEGIN; ${statements.join(';\n')}; COMMIT`;
    },
  };
}
