/** The shapes of the thirteen queries of the Star Schema Benchmark, in words of our own. */
import { column, key, numbers, type Schema, texts, type WritableColumn } from '../columns.ts';
import type { Definitions } from './definition.ts';

const PLACES: readonly WritableColumn[] = [
  column('city', texts('KIM1', 'KIM5', 'LIMA')),
  column('land', texts('KENYA', 'PERU', 'CHINA')),
  column('zone', texts('ASIA', 'AMERICA')),
];

export const STAR_SCHEMA: Schema = {
  setup: `
CREATE TABLE day (id int PRIMARY KEY, year int, month int, week int);
CREATE TABLE client (id int PRIMARY KEY, city text, land text, zone text);
CREATE TABLE vendor (id int PRIMARY KEY, city text, land text, zone text);
CREATE TABLE article (id int PRIMARY KEY, maker text, category text, brand text);
CREATE TABLE sale (
  id int PRIMARY KEY, day int, client int, vendor int, article int, qty int,
  price numeric(10, 2), discount int, revenue numeric(10, 2), cost numeric(10, 2)
);`,
  tables: [
    {
      name: 'day',
      key: ['id'],
      rows: 8,
      columns: [
        key('id', 8),
        column('year', ['1993', '1994', '1997']),
        column('month', ['199401', '199712', '199303']),
        column('week', numbers(1, 6)),
      ],
    },
    { name: 'client', key: ['id'], rows: 8, columns: [key('id', 8), ...PLACES] },
    { name: 'vendor', key: ['id'], rows: 6, columns: [key('id', 6), ...PLACES] },
    {
      name: 'article',
      key: ['id'],
      rows: 8,
      columns: [
        key('id', 8),
        column('maker', texts('M1', 'M2')),
        column('category', texts('M1C1', 'M1C2', 'M2C3')),
        column('brand', texts('B20', 'B21', 'B28')),
      ],
    },
    {
      name: 'sale',
      key: ['id'],
      rows: 60,
      columns: [
        key('id', 90),
        column('day', numbers(1, 8)),
        column('client', numbers(1, 8)),
        column('vendor', numbers(1, 6)),
        column('article', numbers(1, 8)),
        column('qty', numbers(1, 40)),
        column('price', ['1', '2.5', '100']),
        column('discount', numbers(1, 7)),
        column('revenue', ['10', '20.25', '300', '-1']),
        column('cost', ['5', '6.75', '0']),
      ],
    },
  ],
};

const DISCOUNTED = `SELECT sum(s.price * s.discount) AS revenue
  FROM sale s JOIN day d ON d.id = s.day WHERE`;
const BY_BRAND = (condition: string): string => `SELECT sum(s.revenue) AS revenue, d.year, a.brand
  FROM sale s, day d, article a, vendor v
  WHERE s.day = d.id AND s.article = a.id AND s.vendor = v.id AND ${condition}
  GROUP BY d.year, a.brand ORDER BY d.year, a.brand`;
const BY_PLACE = (column: string, condition: string): string => `SELECT c.${column} AS buying,
    v.${column} AS selling, d.year, sum(s.revenue) AS revenue
  FROM client c, sale s, vendor v, day d
  WHERE s.client = c.id AND s.vendor = v.id AND s.day = d.id AND ${condition}
  GROUP BY c.${column}, v.${column}, d.year ORDER BY d.year, revenue DESC, 1, 2`;
const PROFIT = (columns: string, condition: string): string => `SELECT d.year, ${columns},
    sum(s.revenue - s.cost) AS profit
  FROM day d, client c, vendor v, article a, sale s
  WHERE s.client = c.id AND s.vendor = v.id AND s.article = a.id AND s.day = d.id AND ${condition}
  GROUP BY d.year, ${columns} ORDER BY d.year, ${columns}`;

export const STAR: Definitions = {
  ssb_1_1: `${DISCOUNTED} d.year = 1993 AND s.discount BETWEEN 1 AND 3 AND s.qty < 25`,
  ssb_1_2: `${DISCOUNTED} d.month = 199401 AND s.discount BETWEEN 4 AND 6 AND s.qty BETWEEN 26
    AND 35`,
  ssb_1_3: `${DISCOUNTED} d.week = 6 AND d.year = 1994 AND s.discount BETWEEN 5 AND 7
    AND s.qty > 20`,
  ssb_2_1: BY_BRAND(`a.category = 'M1C2' AND v.zone = 'AMERICA'`),
  ssb_2_2: BY_BRAND(`a.brand BETWEEN 'B20' AND 'B27' AND v.zone = 'ASIA'`),
  ssb_2_3: BY_BRAND(`a.brand = 'B21' AND v.zone = 'ASIA'`),
  ssb_3_1: BY_PLACE('land', `c.zone = 'ASIA' AND v.zone = 'ASIA' AND d.year BETWEEN 1992 AND 1997`),
  ssb_3_2: BY_PLACE('city', `c.land = 'PERU' AND v.land = 'PERU'`),
  ssb_3_3: BY_PLACE('city', `c.city IN ('KIM1', 'KIM5') AND v.city IN ('KIM1', 'KIM5')`),
  ssb_3_4: BY_PLACE('city', `(c.city = 'KIM1' OR c.city = 'LIMA') AND d.month = 199712`),
  ssb_4_1: PROFIT(
    'c.land',
    `c.zone = 'AMERICA' AND v.zone = 'AMERICA' AND a.maker IN ('M1', 'M2')`,
  ),
  ssb_4_2: PROFIT('v.land, a.category', `c.zone = 'AMERICA' AND d.year IN (1993, 1997)`),
  ssb_4_3: PROFIT('v.city, a.brand', `c.zone = 'ASIA' AND v.land = 'CHINA'`),
};
