/** Every set by its construct, in the batches that a test file each proves. */
import type { Schema } from '../columns.ts';
import { SHOP } from '../schema.ts';
import { AGGREGATES } from './aggregates.ts';
import { CALENDAR } from './calendar.ts';
import { COMPOSITION } from './composition.ts';
import { CORNERS_OF_GROUPS, CORNERS_OF_JOINS, CORNERS_OF_SUBQUERIES } from './corners.ts';
import { CONSTANTS } from './constants.ts';
import type { Definitions } from './definition.ts';
import { FAILING } from './failing.ts';
import { GROUPING_SETS } from './grouping-sets.ts';
import { HITS, HITS_SCHEMA } from './hits.ts';
import { LATERALS } from './laterals.ts';
import { LATEST_ROWS } from './latest-rows.ts';
import { LIMITS, TIES } from './limits.ts';
import { OUTER_JOINS } from './outer-joins.ts';
import { PLAIN } from './plain.ts';
import { RECURSION } from './recursion.ts';
import { REPORTS } from './reports.ts';
import { SCALARS } from './scalars.ts';
import { SEMI_JOINS } from './semi-joins.ts';
import { SET_OPERATIONS } from './set-operations.ts';
import { SET_RETURNING } from './set-returning.ts';
import { STAR, STAR_SCHEMA } from './star.ts';
import { TIME } from './time.ts';
import { WAREHOUSE, WAREHOUSE_SCHEMA } from './warehouse.ts';
import { WINDOWS } from './windows.ts';

export type Batch = {
  readonly sets: Readonly<Record<string, Definitions>>;
  readonly schema: Schema;
  /** It converts while the tables are empty, because its definitions would fail for some rows. */
  readonly isEmpty?: true;
};

const shop = (sets: Readonly<Record<string, Definitions>>): Batch => ({ sets, schema: SHOP });

export const BATCHES = {
  plain: shop({
    plain: PLAIN,
    constants: CONSTANTS,
    'set-returning functions': SET_RETURNING,
  }),
  'outer joins': shop({ 'outer joins': OUTER_JOINS, 'grouping sets': GROUPING_SETS }),
  subqueries: shop({ 'semi-joins': SEMI_JOINS, 'scalar subqueries': SCALARS }),
  'latest rows': shop({ 'latest rows': LATEST_ROWS, laterals: LATERALS, limits: LIMITS }),
  windows: shop({ windows: WINDOWS, ties: TIES, recursion: RECURSION }),
  aggregates: shop({ aggregates: AGGREGATES, composition: COMPOSITION }),
  'set operations': shop({ 'set operations': SET_OPERATIONS, 'time and settings': TIME }),
  calendar: shop({ calendar: CALENDAR }),
  failing: { ...shop({ 'failing expressions': FAILING, reports: REPORTS }), isEmpty: true },
  corners: shop({
    'corners of joins': CORNERS_OF_JOINS,
    'corners of subqueries': CORNERS_OF_SUBQUERIES,
    'corners of groups': CORNERS_OF_GROUPS,
  }),
  warehouse: { sets: { 'shapes of TPC-H': WAREHOUSE }, schema: WAREHOUSE_SCHEMA },
  star: { sets: { 'shapes of the Star Schema Benchmark': STAR }, schema: STAR_SCHEMA },
  hits: { sets: { 'shapes of ClickBench': HITS }, schema: HITS_SCHEMA },
} as const satisfies Readonly<Record<string, Batch>>;
