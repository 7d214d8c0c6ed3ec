/**
 * Completes a definition before it is planned, so that it has one right answer: words such as
 * 'yesterday' are expressions (moment-words.ts), orders that leave ties are completed
 * (complete-orders.ts), what depends on TimeZone names the zone (pin-settings.ts), text search
 * names its configuration (pin-text-search.ts), fields of dates are printed as whole numbers
 * (print-whole-fields.ts), and row locks are left out (without-locks.ts). The completed text is the
 * definition from then on: it is stored, maintained and verified.
 */
import { deparse } from '../../parser/deparse-query.ts';
import { quoteLiteral } from '../../parser/quote.ts';
import type { Expr, Query } from '../../parser/tree.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import type { CompletedOrders } from '../algebra/query-rewrites/complete-orders.ts';
import { completeOrders } from '../algebra/query-rewrites/complete-orders.ts';
import {
  pinTimeZone,
  timeOperands,
  withZoneSetting,
} from '../algebra/query-rewrites/pin-settings.ts';
import { withoutMomentWords } from '../algebra/query-rewrites/moment-words.ts';
import { pinTextSearch } from '../algebra/query-rewrites/pin-text-search.ts';
import { printWholeFields } from '../algebra/query-rewrites/print-whole-fields.ts';
import { derivedColumns } from '../algebra/query-rewrites/row-keys.ts';
import { withoutLocks } from '../algebra/query-rewrites/without-locks.ts';
import { literal, type Zone } from '../algebra/query-rewrites/zoned.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { loadColumns } from '../server/columns.ts';
import { VALUE_FUNCTIONS } from '../server/special-nodes.ts';
import { withLocalSeries } from './local-series.ts';
import { typesIn } from './marked-types.ts';
import type { ReadView } from './read-view.ts';
import { readView } from './read-view.ts';

/** What was completed, as it is kept in the catalog. */
export type Completion = {
  /** The settings that the definition names, with their values. */
  readonly settings: Readonly<Record<string, string>>;
  /** As sentences without a full stop. */
  readonly notes: readonly string[];
};

export type CompletedView = {
  readonly view: ReadView;
  readonly completion: Completion;
  readonly reasons: readonly PlanReason[];
};

/**
 * Inside a transaction that is rolled back, under the settings of `PRINTING`; `timeZone` is the
 * session's own.
 */
export async function completedView(
  db: Db,
  oid: number,
  serverMajor: number,
  timeZone: string,
): Promise<CompletedView> {
  const view = await withoutWords(db, await readView(db, oid));
  const nothing = { view, completion: { settings: {}, notes: [] }, reasons: [] };
  if ('reasons' in view.reading) return nothing;
  const { query: unlocked, locks } = withoutLocks(view.reading.query);
  const whole = printWholeFields(unlocked);
  const pinned = await withTimeZone(db, view, whole, serverMajor, timeZone);
  const search = await withTextSearch(db, pinned);
  const orders = await withOrders(db, view, search.query);
  const reasons = orders.reasons.map((reason) => ({ ...reason, span: null }));
  if (orders.query === view.reading.query) return { ...nothing, reasons };
  const completed = await viewOf(db, view, orders.query, 'imat_completed');
  if (completed === null) return nothing;
  const isPinned = pinned !== whole;
  return {
    view: await readView(db, completed),
    completion: {
      settings: { ...(isPinned ? { TimeZone: timeZone } : {}), ...search.settings },
      notes: [
        ...locks.map((lock) => `locks no rows: without ${lock}`),
        ...(whole === unlocked ? [] : ['fields of dates are printed as whole numbers']),
        ...(isPinned ? [`computed under TimeZone = ${timeZone}`] : []),
        ...Object.entries(search.settings).map(
          ([name, value]) => `computed under ${name} = ${value}`,
        ),
        ...orders.notes,
      ],
    },
    reasons,
  };
}

/** Before anything else: what the words mean is what the others complete. */
async function withoutWords(db: Db, view: ReadView): Promise<ReadView> {
  if ('reasons' in view.reading) return view;
  const query = withoutMomentWords(view.reading.query);
  if (query === view.reading.query) return view;
  const other = await viewOf(db, view, query, 'imat_without_words');
  return other === null ? view : readView(db, other);
}

async function withTimeZone(
  db: Db,
  { functions, searchPath }: ReadView,
  given: Query,
  serverMajor: number,
  timeZone: string,
): Promise<Query> {
  const isConcerned = functions.unstable.some(
    ({ name, dependence }) =>
      dependence === 'settings' ||
      name === VALUE_FUNCTIONS ||
      name === 'current_setting' ||
      name === 'age',
  );
  if (!isConcerned) return given;
  if (await meansAnAbbreviation(db, timeZone)) return given;
  const name = literal(quoteLiteral(timeZone), 'text');
  const query = withZoneSetting(given, name);
  const typeOf = await typesIn(db, query, searchPath, timeOperands, []);
  const zone: Zone = {
    name,
    serverMajor,
    typeOf: (expr) => typeOf(ofOneType(expr))?.oid ?? null,
    mayRepeat: functions.unstable.every(
      (use) =>
        use.dependence !== 'moment' || use.isOfReader === true || use.name === VALUE_FUNCTIONS,
    ),
    isLocalSeries: () => false,
  };
  return pinTimeZone(query, await withLocalSeries(db, query, zone, timeZone));
}

type WithSettings = { readonly query: Query; readonly settings: Completion['settings'] };

/** The query with the configuration for text search that the session has. */
async function withTextSearch(db: Db, given: Query): Promise<WithSettings> {
  const nothing = { query: given, settings: {} };
  // Whatever it is called: whether the query has a place for it.
  if (pinTextSearch(given, literal(`''`, 'regconfig')) === given) return nothing;
  const name = await rolledBack(db, async () => {
    const [row] = await db.query<{ name: string }>(
      `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.cfgname) AS name
       FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
       WHERE c.oid = get_current_ts_config()`,
    );
    return row?.name;
  }).catch((error: unknown) => {
    if (!isRejected(error)) throw error;
    return undefined;
  });
  if (name === undefined) return nothing;
  return {
    query: pinTextSearch(given, literal(quoteLiteral(name), 'regconfig')),
    settings: { default_text_search_config: name },
  };
}

/** No type is asked of what returns a set; a series has that of its start. */
function ofOneType(expr: Expr): Expr {
  const isSeries = expr.kind === 'call' && expr.schema === null && expr.name === 'generate_series';
  return isSeries ? (expr.args[0] ?? expr) : expr;
}

/** The time zones of these names are what the abbreviations of the same name mean. */
const SAME = new Set(['UTC', 'GMT', 'UCT', 'ZULU']);

/**
 * Whether AT TIME ZONE reads the name of a time zone as an abbreviation: `CET` is a zone with a
 * daylight saving time, and an abbreviation without one.
 */
async function meansAnAbbreviation(db: Db, timeZone: string): Promise<boolean> {
  if (SAME.has(timeZone.toUpperCase())) return false;
  const found = await db.query(
    'SELECT FROM pg_timezone_abbrevs WHERE lower(abbrev) = lower($1) LIMIT 1',
    [timeZone],
  );
  return found.length > 0;
}

/** The query with its orders completed, those in the views that it reads left as they are. */
async function withOrders(
  db: Db,
  { inspection, searchPath }: Pick<ReadView, 'inspection' | 'searchPath'>,
  query: Query,
): Promise<CompletedOrders> {
  const used = new Map(inspection.direct.map((relation) => [relation.oid, relation.used]));
  const facts = {
    sources: new Map<number, SourceFacts>(
      inspection.direct.map((relation) => [relation.oid, relation]),
    ),
    used: (oid: number) => used.get(oid) ?? null,
    typeOf: () => null,
  };
  const first = completeOrders(query, facts);
  const columns = first.reasons.length === 0 ? [] : derivedColumns(query);
  if (columns.length === 0) return first;
  // What could not be completed may need the types of subqueries' columns.
  const typeOf = await typesIn(db, query, searchPath, () => [], columns);
  return completeOrders(query, { ...facts, typeOf });
}

/** What the query of a view leaves open: a view is read as it is. */
export async function openOrders(
  db: Db,
  view: Pick<ReadView, 'inspection' | 'searchPath'>,
  query: Query,
): Promise<readonly PlanReason[]> {
  const { notes, reasons } = await withOrders(db, view, query);
  if (notes.length === 0) return reasons;
  return [
    ...reasons,
    {
      kind: 'unspecified_order',
      message: 'an ORDER BY leaves the order of some rows open',
      hint: 'Add columns to it until no two rows are equal in all of them.',
      span: null,
    },
  ];
}

/** A temporary view of the query; null if it would not be the same view. */
async function viewOf(
  db: Db,
  { oid, searchPath }: ReadView,
  query: Query,
  name: string,
): Promise<number | null> {
  const create = `CREATE TEMPORARY VIEW ${name} AS ${deparse(query)}`;
  const columnsOf = async (view: number): Promise<string> =>
    ((await loadColumns(db, [view])).get(view) ?? [])
      .map(({ name, type, collation }) => JSON.stringify([name, type, collation]))
      .join();
  const make = async (): Promise<number> => {
    if (searchPath !== null) db.defer(`SET LOCAL search_path = ${searchPath}`);
    await db.execute(create);
    db.defer('SET LOCAL search_path = pg_catalog');
    const [made] = await db.query<{ oid: number }>(
      `SELECT 'pg_temp.${name}'::regclass::oid AS oid`,
    );
    return made?.oid ?? 0;
  };
  const expected = await columnsOf(oid);
  const isSame = await rolledBack(db, async () => {
    try {
      return (await columnsOf(await make())) === expected;
    } catch (error) {
      if (!isRejected(error)) throw error;
      return false;
    }
  });
  return isSame ? make() : null;
}
