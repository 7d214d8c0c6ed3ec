import type { ConvertResult, Explanation, ImatStatus, Status } from '../../engine/api.ts';
import type { ExtensionResult } from '../../engine/environment-api.ts';

export const CONVERTED: ConvertResult = {
  name: 'my_sales_summary',
  relation: 'imat.my_sales_summary',
  strategy: 'delta',
  freshness: 'live',
  reasons: [],
  notes: [],
  dryRun: false,
  loadMs: 12.5,
  proposedFreshness: null,
};

export const STATUS: ImatStatus = {
  name: 'my_sales_summary',
  relation: 'imat.my_sales_summary',
  strategy: 'delta',
  freshness: '5s',
  state: 'active',
  pendingRows: 12_345,
  resetPending: false,
  sources: ['public.sales', 'public.products'],
  original: 'public.my_sales_summary',
  stateBytes: 8192,
  logBytes: 3_355_443,
  logRows: 23_456,
  frontierAt: '2026-11-21T00:19:00.123456Z',
  lastRun: {
    action: 'fold',
    reason: 'age_bound',
    endedAt: '2026-11-21T00:19:00.123456Z',
    ms: 12.5,
  },
  failure: null,
  worker: null,
  problems: [],
};

export const WHOLE_STATUS: Status = { imats: [STATUS], workers: [], heldBack: [] };

export const EXPLANATION: Explanation = {
  name: 'ranks',
  strategy: 'swap',
  definition: 'SELECT region,\n\trank() OVER (ORDER BY amount)\nFROM sales',
  reasons: [
    {
      kind: 'window_function',
      message: 'window function "rank" cannot be maintained incrementally',
      hint: 'Compute the rank when reading.',
      position: { line: 2, column: 2, offset: 16 },
    },
    { kind: 'other', message: 'something without a place', hint: null, position: null },
  ],
  notes: ['A live read runs the definition while a source has changed.'],
  plan: [
    { depth: 0, clause: 'group by region', rule: 'stored, one row per group', stored: 'region' },
    { depth: 2, clause: 'rows of the group', rule: 'additive part', stored: 'rows' },
  ],
  stores: [],
  residual: null,
  missingIndexes: [],
  costs: {
    definition: 4321.5,
    rows: 10,
    read: 1.1,
    sources: [
      {
        relation: 'public.sales',
        write: { per: 'statement', bytes: 40 },
        fold: { rows: 2000, cost: 43.21 },
        reads: [
          { pending: 0, cost: 1.1 },
          { pending: 100, cost: 8.643 },
          { pending: 10_000, cost: 4321.5 },
        ],
      },
    ],
  },
  noCosts: null,
  sources: [{ relation: 'public.sales', columns: ['region', 'amount'] }],
  sql: [
    { label: 'the change log\nof public.sales', sql: 'CREATE TABLE a ()' },
    { label: 'two', sql: 'SELECT 1;\n' },
    { label: 'three', sql: 'SELECT 1 -- one' },
  ],
};

export const EXTENDED: ExtensionResult = {
  outcome: 'created',
  built: false,
  version: '1.0',
  schema: 'public',
  captures: true,
  tracks: false,
  commands: [],
  preload: {
    state: 'missing',
    line: "shared_preload_libraries = 'pg_stat_statements, table_change_tracker'",
    file: '/etc/postgresql.conf',
    note: null,
  },
};
