/**
 * The state table of a delta imat: created with its content, its finished aggregates, what finds a
 * row, comments.
 */
import { hasShortValues, MOST_INDEXED } from '../algebra/facts.ts';
import type { AddPlan } from '../plan/plan.ts';
import { coreInput } from '../plan/plan.ts';
import type { Leaf } from '../operators/all.ts';
import { faceOf } from '../operators/all.ts';
import {
  fedBy,
  fromScratch,
  gathered,
  identityOf,
  storedValues,
  touchedBy,
} from '../operators/store.ts';
import type { Store } from '../operators/store.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, literal, sql } from '../sql/sql.ts';
import { identify } from './capture.ts';
import { differentRows } from './composition.ts';
import { isUnknown } from './current-view.ts';
import type { Statement } from './statement.ts';

export const STATE_OPTIONS = sql`fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02`;

/**
 * The state's content computed from the sources: one row per key. `inner`: what another store holds
 * of them.
 */
export function stateContent(plan: AddPlan, inner: Leaf | null = null): Sql {
  const own = fromScratch(plan.store, coreInput(plan, null, inner).now);
  if (plan.different.length === 0) return own;
  const others = plan.different.map((below, index) => {
    const { keys } = differentRows(plan.core, below);
    return fromScratch(fedBy(plan.store, index + 1, keys), faceOf(below.core, null, inner).now);
  });
  return gathered(plan.store, join([own, ...others], '\nUNION ALL\n'));
}

export function stateTable(plan: AddPlan, table: Sql): readonly Statement[] {
  const { store } = plan;
  const held = [
    ...store.keys.map(({ name, label }) => [name, label] as const),
    ...store.parts.map(({ name, comment }) => [name, comment] as const),
    ...store.extremes.map(({ name, comment }) => [name, comment] as const),
    ...storedValues(store).map(({ name, label }) => [name, label] as const),
  ];
  const values = storedValues(store).map(({ name, type, finish }) => {
    const column = sql`${ident(name)} ${fragment(type)}`;
    return sql`ADD COLUMN ${column} GENERATED ALWAYS AS (${finish(ident)}) STORED`;
  });
  const identity = join(identityOf(store).map(ident), ', ');
  return [
    {
      label: 'the state: one row per group, with what each aggregate needs',
      sql: sql`CREATE TABLE ${table} WITH (${STATE_OPTIONS}) AS\n${stateContent(plan)}`,
    },
    { label: 'what publications of all tables need', sql: identify(table) },
    // Not in CREATE TABLE: an INSERT ... SELECT into it would not use parallel workers.
    ...(values.length === 0
      ? []
      : [
          {
            label: 'finished aggregates, computed once',
            sql: sql`ALTER TABLE ${table}\n  ${lines(values)}`,
          },
        ]),
    {
      label: 'what finds a group, NULL keys being equal',
      sql: sql`CREATE UNIQUE INDEX ON ${table} (${identity}) NULLS NOT DISTINCT`,
    },
    ...touchedIndex(store, table),
    ...unknownIndex(store, table),
    ...repeatedIndex(store, table),
    ...held.map(([name, what]) => ({
      label: 'what the column holds',
      sql: sql`COMMENT ON COLUMN ${table}.${ident(name)} IS ${literal(what)}`,
    })),
    { label: 'statistics', sql: sql`ANALYZE ${table}` },
  ];
}

/**
 * The rows that a change may concern, unless the index above finds them. Several long keys could be
 * too long together; each one fits into the index of its own table.
 */
function touchedIndex(store: Store, table: Sql): Statement[] {
  const names = new Set(touchedBy(store).map(({ name }) => name));
  const keys = store.keys.filter(({ name }) => names.has(name));
  const [first] = keys;
  if (first === undefined || identityOf(store).some((name) => names.has(name))) return [];
  const isShort = keys.length <= MOST_INDEXED && keys.every(({ facts }) => hasShortValues(facts));
  const columns = (isShort ? keys : [first]).map(({ name }) => ident(name));
  return [
    {
      label: 'what finds the rows that a change may concern',
      sql: sql`CREATE INDEX ON ${table} (${join(columns, ', ')})`,
    },
  ];
}

/**
 * The rows for which a read cannot tell by equality whether a change concerns them, unless the
 * index above finds them.
 */
function unknownIndex(store: Store, table: Sql): Statement[] {
  const keys = touchedBy(store);
  const unknown = isUnknown(keys);
  if (unknown === null || (keys.length === 1 && keys[0]?.name === identityOf(store)[0])) return [];
  return [
    {
      label: 'what finds the rows with NULL in a key',
      sql: sql`CREATE INDEX ON ${table} ((1)) WHERE ${unknown}`,
    },
  ];
}

/** Rows that occur more than once are read by themselves. */
const repeatedIndex = (store: Store, table: Sql): Statement[] =>
  store.identity.repeats
    ? [
        {
          label: 'what finds rows that occur more than once',
          sql: sql`CREATE INDEX ON ${table} ((1)) WHERE ${ident(OWN_COLUMNS.rows)} > 1`,
        },
      ]
    : [];
