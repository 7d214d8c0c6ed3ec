/** The shapes of the queries of TPC-H, in words and tables of our own, with orders made total. */
import { warehouseQueries } from '../../../../bench/warehouse/queries.ts';
import { WAREHOUSE_TABLES } from '../../../../bench/warehouse/tables.ts';
import { column, key, numbers, type Schema, texts } from '../columns.ts';
import type { Definitions } from './definition.ts';

const DAYS = texts('1994-01-01', '1994-06-15', '1995-03-15', '1995-09-01', '1996-12-31');
const LANDS = texts('FRANCE', 'GERMANY', 'CANADA', 'PERU');
const MONEY = ['0', '10.5', '99.99', '250', '1000', '-20'];
const BRANDS = texts('B1', 'B2', 'B3');
const KINDS = texts('PROMO STEEL', 'SMALL BRASS', 'LARGE STEEL', 'PROMO TIN');
const LATER = texts('1994-01-03', '1994-06-20', '1995-03-10', '1995-03-20', '1995-09-05');

export const WAREHOUSE_SCHEMA: Schema = {
  setup: WAREHOUSE_TABLES,
  tables: [
    {
      name: 'zone',
      key: ['id'],
      rows: 3,
      columns: [key('id', 3), column('name', texts('EUROPE', 'ASIA'))],
    },
    {
      name: 'land',
      key: ['id'],
      rows: 6,
      columns: [key('id', 6), column('name', LANDS), column('zone', numbers(1, 3))],
    },
    {
      name: 'supplier',
      key: ['id'],
      rows: 9,
      columns: [
        key('id', 9),
        column('name', texts('s1', 's2', 's3')),
        column('land', numbers(1, 6)),
        column('balance', MONEY),
        column('remark', texts('fine', 'Customer had Complaints', 'ok')),
      ],
    },
    {
      name: 'buyer',
      key: ['id'],
      rows: 12,
      columns: [
        key('id', 12),
        column('name', texts('b1', 'b2', 'b3', 'b4')),
        column('land', numbers(1, 6)),
        column('phone', texts('13-1', '17-2', '29-3', '31-4')),
        column('balance', MONEY),
        column('segment', texts('BUILDING', 'AUTO')),
      ],
    },
    {
      name: 'part',
      key: ['id'],
      rows: 9,
      columns: [
        key('id', 9),
        column('name', texts('green pin', 'forest pan', 'red pot')),
        column('maker', texts('m1', 'm2')),
        column('brand', BRANDS),
        column('kind', KINDS),
        column('size', numbers(1, 15)),
        column('box', texts('SM CASE', 'MED BAG', 'LG BOX')),
        column('price', MONEY),
      ],
    },
    {
      name: 'supply',
      key: ['part', 'supplier'],
      rows: 24,
      columns: [
        key('part', 9),
        key('supplier', 9),
        column('available', numbers(1, 30)),
        column('cost', MONEY),
      ],
    },
    {
      name: 'purchase',
      key: ['id'],
      rows: 24,
      columns: [
        key('id', 30),
        column('buyer', numbers(1, 12)),
        column('state', texts('F', 'O')),
        column('total', MONEY),
        column('placed', DAYS),
        column('priority', texts('1-URGENT', '2-HIGH', '5-LOW')),
        column('remark', texts('special requests', 'none')),
      ],
    },
    {
      name: 'line',
      key: ['purchase', 'number'],
      rows: 48,
      columns: [
        key('purchase', 30),
        key('number', 3),
        column('part', numbers(1, 9)),
        column('supplier', numbers(1, 9)),
        column('qty', numbers(1, 30)),
        column('price', MONEY),
        column('discount', ['0', '0.05', '0.06', '0.07']),
        column('tax', ['0', '0.02']),
        column('returned', texts('R', 'A', 'N')),
        column('state', texts('F', 'O')),
        column('shipped', LATER),
        column('promised', LATER),
        column('received', LATER),
        column('instruction', texts('DELIVER IN PERSON', 'NONE')),
        column('mode', texts('AIR', 'MAIL', 'SHIP')),
      ],
    },
  ],
};

export const WAREHOUSE: Definitions = warehouseQueries({ largeOrder: 20, largeShare: 0.1 });
