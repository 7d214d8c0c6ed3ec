/**
 * What an imat will cost, before it is there: predictions for `imat explain`, in the units of
 * PostgreSQL's planner, so that they are shares of what the definition costs. Nothing is run; the
 * temporary views that are planned go with the transaction.
 *
 *   definition    EXPLAIN of its text
 *   change        of N rows of a source; N of its rows stand for those in the log
 *     add         the store computed from them in place of the source; once for each place that the
 *                 source has in FROM
 *     regroup     the keys that they lead to, and the definition confined to as many keys; above
 *                 the bound of views and folds (few-keys.ts), the definition
 *   stored rows   a scan of as many as the planner expects, by its formula for that
 *   read          stored rows, each compared with the change, the change, and the residual; all
 *                 anew where the log has outgrown that (is_outgrown.sql)
 *   fold          the change, and finding the rows of it that are stored
 *   residual      what the definition costs more than its stores
 *   swap          a read with anything pending, and a swap, run the definition
 *
 * Left out: writing rows, for which the planner has no costs; the time to plan a live view; the
 * test whether a log row is pending; extremes that are derived again after a deletion; rows that
 * the passing of time changes. Changes of several sources come to about their sum.
 */
import type { Explanation } from '../api.ts';
import type { Costs, SourceCosts } from '../explanation-api.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { planOf } from '../analysis/prepare.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { Captured } from '../generate/script.ts';
import type { Subject } from '../generate/subject.ts';
import { joinedWith } from '../plan/joined-with.ts';
import type { CostSettings, Planned } from '../server/planner.ts';
import { costSettings, fanOuts, planned } from '../server/planner.ts';
import { withoutStatistics } from '../server/statistics.ts';
import { ident, join, sql } from '../sql/sql.ts';
import type { Change, StoreCosts } from './store-costs.ts';
import { changeOf, isAddedUp, storeCosts } from './store-costs.ts';

const PENDING = [0, 100, 10_000];

type Predicted = Pick<Explanation, 'costs' | 'noCosts'>;

const none = (why: string): Predicted => ({ costs: null, noCosts: why });

/** Never fails because the server refuses what it asks: then it says so. */
export async function predictedCosts(
  db: Db,
  prepared: Prepared,
  subject: Subject,
  captures: readonly Captured[],
): Promise<Predicted> {
  const { untrusted, imats, sources } = prepared.analysis;
  const [stranger] = untrusted;
  if (stranger !== undefined)
    return none(`the definition calls ${stranger}, which planning could run with your rights`);
  if (imats.length > 0)
    return none('the definition reads imats, of whose views the planner counts every arm');
  try {
    return await rolledBack(db, async () => {
      const unknown = await withoutStatistics(
        db,
        sources.map(({ oid }) => oid),
      );
      if (unknown.length > 0) return none(`ANALYZE is missing: ${unknown.join(', ')}`);
      const model = await modelOf(db, prepared, subject);
      const of: SourceCosts[] = [];
      for (const capture of captures) of.push(await sourceCosts(db, model, capture));
      const { cost, rows } = model.definition;
      const costs: Costs = { definition: cost, rows, read: model.read, sources: of };
      return { costs, noCosts: null };
    });
  } catch (error) {
    if (!isRejected(error)) throw error;
    return none(`PostgreSQL refuses to plan it: ${error.message}`);
  }
}

type Model = {
  readonly settings: CostSettings;
  readonly definition: Planned;
  /** None for a swap imat. */
  readonly stores: readonly StoreCosts[];
  readonly residual: number;
  /** Of a read while nothing is pending. */
  readonly read: number;
  /** Whether reads show what is pending. */
  readonly isLive: boolean;
  /** By OID of a source. */
  readonly fanOuts: ReadonlyMap<number, number>;
};

async function modelOf(db: Db, prepared: Prepared, subject: Subject): Promise<Model> {
  const settings = await costSettings(db);
  const plan = planOf(prepared);
  const { definition: text, searchPath } = prepared.analysis;
  const definition = await rolledBack(db, async () => {
    if (searchPath !== null) db.defer(`SET LOCAL search_path = ${searchPath}`);
    return planned(db, text);
  });
  const stores = plan === null ? [] : await storeCosts(db, plan);
  const readable = stores.filter(({ isBelow }) => !isBelow);
  const below = sum(readable.map(({ content }) => content.cost));
  const hasResidual = (plan?.residual ?? null) !== null;
  const residual = hasResidual ? Math.max(0, definition.cost - below) : 0;
  const isNeverStored = plan === null && subject.live && subject.watched === null;
  const stored = plan === null ? [definition] : readable.map(({ content }) => content);
  const read = isNeverStored
    ? definition.cost
    : sum(stored.map((rows) => scanCost(rows, settings))) + residual;
  const fans = await fanOuts(db, joinedWith(plan));
  return { settings, definition, stores, residual, read, isLive: subject.live, fanOuts: fans };
}

async function sourceCosts(db: Db, model: Model, { target, name }: Captured): Promise<SourceCosts> {
  const { oid, source, columns } = target;
  const list = join(
    (columns ?? []).map((column) => ident(column.name)),
    ', ',
  );
  const all = await planned(db, sql`SELECT ${list} FROM ${source}`.text);
  const one = { oid, rows: all.rows, fanOut: model.fanOuts.get(oid) ?? 1 };
  const few = Math.max(1, Math.round(all.rows / 100));
  const reads: { pending: number; cost: number }[] = [];
  for (const pending of PENDING)
    reads.push({ pending, cost: await readCost(db, model, one, pending) });
  return {
    relation: name,
    write: {
      per: columns === null ? 'statement' : 'changed row',
      bytes: LOG_ROW + (columns === null ? 0 : all.width),
    },
    fold: { rows: few, cost: await foldCost(db, model, one, few) },
    reads,
  };
}

/** A row's header with its line pointer, the writer's transaction and the weight. */
const LOG_ROW = 28 + 12;

type Source = { readonly oid: number; readonly rows: number; readonly fanOut: number };

/** As is_outgrown.sql has it of updated rows, if this table is the one that makes the most rows. */
const outgrownFrom = ({ rows, fanOut }: Source): number => Math.max(2, 10_000 / fanOut, rows / 8);

async function readCost(db: Db, model: Model, source: Source, pending: number): Promise<number> {
  const { definition, stores, residual, settings, isLive } = model;
  if (pending === 0 || !isLive) return model.read;
  if (stores.length === 0) return definition.cost;
  const readable = stores.filter(({ isBelow }) => !isBelow);
  if (pending >= outgrownFrom(source))
    return sum(readable.map(({ content }) => content.cost)) + residual;
  const costs: number[] = [];
  for (const store of stores.filter(({ isRead }) => isRead)) {
    const change = await changeOf(db, store, source, pending);
    costs.push(storeRead(store, change, settings));
  }
  return sum(costs) + residual;
}

/**
 * What adding up a row of the log takes beside a row of its table: whether it is pending is asked
 * of each, and rows that came and went cancel out before. Measured: sums over 200,000 rows with
 * 10,000 pending (docs/operations.md).
 */
const PENDING_ROW = 4;

function storeRead(store: StoreCosts, change: Change, settings: CostSettings): number {
  const { content } = store;
  if (change === 'none') return scanCost(content, settings);
  if (change === 'all') return content.cost;
  const compared = (content.rows + change.rows) * settings.operator;
  const added = change.cost * (isAddedUp(store) ? PENDING_ROW : 1);
  return scanCost(content, settings) + compared + added;
}

async function foldCost(db: Db, model: Model, source: Source, rows: number): Promise<number> {
  const { definition, stores, settings } = model;
  if (stores.length === 0) return definition.cost;
  const costs: number[] = [];
  for (const store of stores) {
    const change = await changeOf(db, store, source, rows);
    if (change === 'all') costs.push(store.content.cost);
    else if (change !== 'none')
      costs.push(
        (store.foldsRows ? 0 : change.cost) + findingCost(store.content, change.rows, settings),
      );
  }
  return sum(costs);
}

/** Stored tables leave a fifth of each page free (state.ts). */
const FILLED = 0.8;
const ROW_OVERHEAD = 28;

const pagesOf = ({ rows, width }: Planned, { blockSize }: CostSettings): number =>
  Math.ceil((rows * (width + ROW_OVERHEAD)) / (blockSize * FILLED));

const scanCost = (stored: Planned, settings: CostSettings): number =>
  pagesOf(stored, settings) * settings.sequentialPage + stored.rows * settings.row;

/** Rows found by an index: no page is read twice. */
const findingCost = (stored: Planned, rows: number, settings: CostSettings): number =>
  Math.min(rows, pagesOf(stored, settings)) * settings.randomPage + rows * settings.row;

const sum = (costs: readonly number[]): number => costs.reduce((all, one) => all + one, 0);
