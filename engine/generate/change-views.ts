/**
 * The pending change of an imat as a view, `imat_store.delta_<name>`: rows of stored columns. The
 * live view adds them to the state when read, the fold adds them for good. Being a view, it follows
 * its sources through renames.
 *
 * What its terms ask of the frontier and the logs is asked once, which also spares planning. It is
 * not read in parallel: a parallel read of everything, what is pending included, would look
 * cheaper to the planner than the stored rows in the order of an index. If an expression can fail
 * for a row, pending rows are cancelled against each other first. If it is believed that none can,
 * the fold has a second view that does so, for values that prove the belief wrong.
 */
import { storedIn } from '../algebra/node.ts';
import { contributions } from '../operators/store.ts';
import type { Netting, Pending } from '../operators/pending.ts';
import { IN_PLACE, anyPending, expectedRows } from '../operators/pending.ts';
import type { AddPlan } from '../plan/plan.ts';
import { coreInput, planScans } from '../plan/plan.ts';
import type { Rows, Term } from '../operators/rule.ts';
import type { StoreNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, sql } from '../sql/sql.ts';
import type { Below, InnerChange } from './composition.ts';
import { flipsOf, innerChange } from './composition.ts';
import type { TimedTable } from './elapsed.ts';
import { anyElapsed, timedTables } from './elapsed.ts';
import type { Around } from './touched-rows.ts';
import { rowsChange } from './touched-rows.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';

export function changeViews(subject: StoreSubject, plan: AddPlan): readonly Statement[] {
  const { delta, netted } = subject.names;
  const view = (name: Sql, netting: Netting): Sql =>
    sql`CREATE VIEW ${name} AS\n${changeQuery(plan, subject, netting)}`;
  const pending: Statement = {
    label: 'what is pending, as rows of the state',
    sql: view(delta.sql, plan.netting),
  };
  if (fallbackView(subject, plan) === null) return [pending];
  return [
    pending,
    {
      label: 'the same, with pending rows cancelled against each other first',
      sql: view(netted.sql, 'fenced'),
    },
  ];
}

/**
 * The view that the fold reads after an expression has failed; null if the first one is as careful.
 * So it is of a core that reads rows of another store alone: of these nothing comes and goes.
 */
export const fallbackView = (
  { names }: { readonly names: StoreNames },
  plan: AddPlan,
): Sql | null =>
  plan.netting === 'fenced' || planScans(plan).length === 0 ? null : names.netted.sql;

/** What the change of a core is made from that reads tables alone. */
type OverTables = Pick<StoreSubject, 'id' | 'logOf' | 'different'> & { readonly inner: null };

/** What changes of the store that a core reads; null if it reads tables alone. */
function inputChange(
  subject: StoreSubject,
  { core, inner }: AddPlan,
  below: (plan: AddPlan, names: StoreNames) => Below,
  around: Around,
): InnerChange | null {
  const names = subject.inner;
  if (inner === null || names === null) return null;
  if (inner.rule === 'add') return innerChange(below(inner, names));
  const [rows] = storedIn(core.input);
  if (rows === undefined) return null;
  return rowsChange({ ...subject, names: { ...subject.names, ...names } }, inner, rows, around);
}

/** Common table expressions, of which none is there twice. */
function commonTables() {
  const tables = new Map<string, Sql>();
  return {
    add: (wanted: string, rows: Sql): Sql => {
      let name = wanted;
      for (let again = 2; (tables.get(name) ?? rows).text !== rows.text; again++)
        name = `${wanted}_${again}`;
      tables.set(name, rows);
      return ident(name);
    },
    tables: (): readonly Sql[] =>
      [...tables].map(([name, rows]) => sql`${ident(name)} AS MATERIALIZED (\n  ${rows}\n)`),
  };
}

/** Whether a source has changed, asked once for a statement where it is asked at all. */
function flagsOf(
  sources: readonly number[],
  logOf: Pending['logOf'],
  timed: readonly TimedTable[],
) {
  const oids = [...new Set(sources)];
  const asked = new Set<number>();
  const flag = (oid: number): Sql => ident(`changed${oids.indexOf(oid) + 1}`);
  const inLog: Pending = {
    frontier: sql`f.snapshot`,
    logOf,
    moment: sql`f.moment`,
    ...IN_PLACE,
  };
  const anyChange = (oid: number): Sql => {
    const own = timed.filter((table) => table.oid === oid);
    return join([anyPending(inLog, [oid]), ...anyElapsed(own, [], inLog.moment)], ' OR ');
  };
  return {
    changed: (oid: number): Sql => {
      asked.add(oid);
      return sql`(SELECT p.${flag(oid)} FROM pending AS p)`;
    },
    columns: (): readonly Sql[] =>
      oids.filter((oid) => asked.has(oid)).map((oid) => sql`${anyChange(oid)} AS ${flag(oid)}`),
  };
}

/** Of a definition that reads no table: its rows, none of which comes or goes. */
const noChange = ({ from, where }: Rows): Term => ({
  from,
  where: [...where, sql`false`],
  weight: sql`0::bigint`,
  sign: null,
  label: 'no table changes',
});

/**
 * `around`: what a query around this one has of the rows below. `only`: of a join the products that
 * belong to the change of this table (`Pending.only`).
 */
type Asked = { readonly around?: Around; readonly only?: number | null };

export function changeQuery(
  plan: AddPlan,
  subject: StoreSubject | OverTables,
  netting: Netting,
  { around = 'nothing', only = null }: Asked = {},
): Sql {
  const { id, logOf, different } = subject;
  const { shape } = coreInput(plan, null);
  const timed = timedTables(plan);
  const flags = flagsOf(shape.sources, logOf, timed);
  const once = commonTables();
  const pending: Pending = {
    frontier: sql`(SELECT p.snapshot FROM pending AS p)`,
    moment: sql`(SELECT p.moment FROM pending AS p)`,
    logOf,
    changed: flags.changed,
    expected: shape.sources.length > 1 ? (oid) => expectedRows(id, logOf(oid)) : null,
    once: once.add,
    // The change of a store below costs more than a look at the logs.
    asksChanges: subject.inner === null,
    only,
  };
  /** A store below, with as much care for what is pending as is asked for here. */
  const below = (own: AddPlan, names: StoreNames): Below => {
    const careful = netting === 'fenced' ? fallbackView({ names }, own) : null;
    return { plan: own, names, delta: careful ?? names.delta.sql };
  };
  const groups = subject.inner === null ? null : inputChange(subject, plan, below, around);
  const input = coreInput(plan, pending, groups?.leaf);
  const terms = input.change(netting);
  const flips = plan.different.flatMap((own, index) => {
    const names = different[index];
    return names === undefined ? [] : [flipsOf(plan, below(own, names), index + 1)];
  });
  const ctes = [...(groups?.ctes ?? []), ...once.tables(), ...flips.flatMap((one) => one.ctes)];
  const known = sql`pending AS MATERIALIZED (
  SELECT
    ${lines([sql`f.snapshot`, ...(timed.length === 0 ? [] : [sql`f.moment`]), ...flags.columns()])}
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = ${id}
)`;
  return sql`WITH ${join([known, ...ctes], ', ')}
${join(
  [
    contributions(plan.store, terms.length > 0 ? terms : [noChange(input.now)]),
    ...flips.map(({ store, term }) => contributions(store, [term])),
  ],
  '\nUNION ALL\n',
)}`;
}
