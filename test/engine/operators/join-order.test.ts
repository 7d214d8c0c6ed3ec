/** In which order a change is joined with the other tables. */
import { expect, test } from 'vitest';
import type { ColumnFacts } from '../../../engine/algebra/facts.ts';
import { INT4 } from '../../../engine/algebra/facts.ts';
import type { Column, ColumnId, NodeOf, Scan } from '../../../engine/algebra/node.ts';
import { reference } from '../../../engine/algebra/node.ts';
import { joinOrder } from '../../../engine/operators/join-order.ts';

/** By table, its columns; `!` marks those of the primary key. */
type Tables = Readonly<Record<string, readonly string[]>>;

const facts = (name: string, attnum: number, isInPrimaryKey: boolean): ColumnFacts => ({
  name,
  attnum,
  isInPrimaryKey,
  type: 'integer',
  baseType: 'integer',
  logType: 'integer',
  oid: INT4,
  isComposite: false,
  scale: null,
  image: null,
  equalIsSame: true,
  holdsEnum: false,
  sortable: true,
  hashable: true,
  hasPlainEquality: true,
  groupable: true,
  collation: null,
  isVirtual: false,
});

/** The join of the tables under conditions such as `a.x = b.y`. */
function joinOf(tables: Tables, conditions: readonly string[], unread: readonly string[] = []) {
  const columns = new Map<string, Column>();
  const inputs = Object.entries(tables).map(([name, named], position): Scan => {
    const all = named.map((one, index) =>
      facts(one.replace('!', ''), index + 1, one.endsWith('!')),
    );
    const read = all.filter((one) => !unread.includes(`${name}.${one.name}`));
    for (const one of read)
      columns.set(`${name}.${one.name}`, {
        id: ((position + 1) * 100 + one.attnum) as ColumnId,
        name: one.name,
        span: null,
      });
    return {
      op: 'scan',
      source: {
        oid: position + 1,
        schema: 's',
        name,
        parts: null,
        used: null,
        columns: all,
      },
      number: position + 1,
      label: name,
      columns: read.map((one) => ({ column: get(columns, `${name}.${one.name}`), facts: one })),
      timed: [],
      span: null,
    };
  });
  const node: NodeOf<'join'> = {
    op: 'join',
    inputs,
    conditions: conditions.map((text) => {
      const [left = '', right = ''] = text.split(' = ');
      return {
        kind: 'binary',
        op: '=',
        left: reference(get(columns, left)),
        right: reference(get(columns, right)),
        span: null,
      };
    }),
  };
  const names = Object.keys(tables);
  return (first: string): string =>
    joinOrder(node, names.indexOf(first))
      .map((position) => names[position])
      .join(' ');
}

function get(columns: ReadonlyMap<string, Column>, name: string): Column {
  const column = columns.get(name);
  if (column === undefined) throw new Error(`no column ${name}`);
  return column;
}

const SHOP: Tables = {
  line: ['purchase!', 'n!', 'seller'],
  seller: ['id!', 'land'],
  buyer: ['id!', 'land'],
  land: ['id!'],
  purchase: ['id!', 'buyer'],
};
const SOLD = [
  'buyer.land = seller.land',
  'line.seller = seller.id',
  'seller.land = land.id',
  'purchase.id = line.purchase',
  'purchase.buyer = buyer.id',
];

test('first come tables of which the rows have the key, then those that have such a key', () => {
  const order = joinOf(SHOP, SOLD);
  expect(order('line')).toBe('line seller land purchase buyer');
  expect(order('seller')).toBe('seller land line purchase buyer');
  expect(order('purchase')).toBe('purchase buyer land line seller');
  expect(order('land')).toBe('land seller line purchase buyer');
});

test('a column that many rows of both share comes last', () => {
  expect(joinOf(SHOP, SOLD)('buyer')).toBe('buyer land purchase line seller');
});

test('half a key is none, whether the other half is compared with nothing or not read', () => {
  const tables = { a: ['x'], b: ['x', 'y!'], c: ['x!', 'y!'], d: ['y!'] };
  const conditions = ['a.x = b.x', 'a.x = c.x', 'b.y = d.y'];
  expect(joinOf(tables, conditions)('a')).toBe('a b d c');
  expect(joinOf(tables, conditions, ['c.y'])('a')).toBe('a b d c');
});

test('what is compared with nothing comes last', () => {
  const tables = { a: ['x'], b: ['y!'], c: ['x'], d: ['x!'] };
  expect(joinOf(tables, ['a.x = c.x', 'c.x = d.x'])('a')).toBe('a d c b');
  expect(joinOf(tables, [])('c')).toBe('c a b d');
});
