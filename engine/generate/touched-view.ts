/**
 * The keys that pending rows touch, as a view of one row, `imat_store.touched_<name>`:
 *
 *   keys       an array of the keys that are not NULL; NULL if there are none
 *   has_null   whether NULL is one of them
 *   is_few     false if there are too many: then it is cheaper to compute the answer anew
 *
 * Each table's pending rows lead to keys by their own path (regroup/paths.ts). What its terms ask
 * of the frontier and the logs is asked once. That a key is touched although nothing of it changes
 * is no matter: its rows are computed again, and are what they were.
 */
import { deparseExpr } from '../../parser/deparse.ts';
import { quoteQualified } from '../../parser/quote.ts';
import type { ColumnRef, Expr, TableItem } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { canFail } from '../algebra/can-fail.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import type { ColumnId, Scan } from '../algebra/node.ts';
import type { Netting, Pending } from '../operators/pending.ts';
import { anyPending } from '../operators/pending.ts';
import { conditions as whereOf } from '../operators/rule.ts';
import { scan } from '../operators/scan.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { Path } from '../regroup/paths.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, literal, qualified, sql } from '../sql/sql.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

/** Fewer keys are never too many. */
const ALWAYS_FEW = 1000;
/** Above this share of the stored rows, all are computed anew (docs/benchmarks.md). */
const SHARE = 10;

export const touchedView = (subject: Subject, plan: RegroupPlan): Statement => ({
  label: 'the keys that pending rows touch',
  sql: sql`CREATE VIEW ${subject.names.touched.sql} AS\n${touchedQuery(subject, plan)}`,
});

function touchedQuery(subject: Subject, plan: RegroupPlan): Sql {
  const tables = tablesOf(plan.outline);
  const oids = [...new Set(tables.map(({ relation }) => relation.oid))];
  const flag = (oid: number): Sql => ident(`changed${oids.indexOf(oid) + 1}`);
  const { logOf } = subject;
  const inLog: Pending = { frontier: sql`f.snapshot`, logOf, changed: null };
  const flags = oids.map((oid) => sql`${anyPending(inLog, [oid])} AS ${flag(oid)}`);
  const pending: Pending = {
    frontier: sql`(SELECT p.snapshot FROM pending AS p)`,
    logOf,
    changed: null,
  };
  const terms = tables.flatMap(({ number, relation }) => {
    const path = plan.paths.get(number) ?? null;
    if (path === null) return [];
    const gate = sql`(SELECT p.${flag(relation.oid)} FROM pending AS p)`;
    return [term(plan, relation, path, pending, gate)];
  });
  const nullKeys = plan.isNullable
    ? [
        sql`-- rows without a partner\nSELECT NULL::${fragment(plan.key.type)} AS key
FROM pending AS p\nWHERE ${join(
          oids.map((oid) => sql`p.${flag(oid)}`),
          ' OR ',
        )}`,
      ]
    : [];
  const relation = sql`${literal(subject.names.state.sql.text)}::pg_catalog.regclass`;
  const limit = sql`(
    SELECT GREATEST(${ALWAYS_FEW}, c.reltuples::bigint / ${SHARE})
    FROM pg_catalog.pg_class AS c
    WHERE c.oid = ${relation}
  )`;
  return sql`WITH pending AS MATERIALIZED (
  SELECT
    ${lines([sql`f.snapshot`, ...flags])}
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = ${subject.id}
)
SELECT
  pg_catalog.array_agg(t.key) FILTER (WHERE t.key IS NOT NULL) AS keys,
  COALESCE(pg_catalog.bool_or(t.key IS NULL), FALSE) AS has_null,
  pg_catalog.count(*) <= ${limit} AS is_few
FROM (
  SELECT DISTINCT u.key
  FROM (
    ${join([...terms, ...nullKeys], '\nUNION ALL\n')}
  ) AS u
  LIMIT ${limit} + 1
) AS t`;
}

const aliasOf = (item: number): string => `r${item + 1}`;

const columnOf = (ref: ColumnRef): string => quoteQualified(aliasOf(ref.relation), ref.name);

function term(plan: RegroupPlan, changed: TableItem, path: Path, pending: Pending, gate: Sql): Sql {
  const [first = 0, ...others] = path.tables;
  const exprs = [path.key, ...path.conditions];
  const source = plan.sources.get(changed.oid);
  if (source === undefined) throw new Error(`no facts for relation ${changed.name}`);
  const read = scanOf(first, changed, source, exprs);
  const [rows] = scan.change?.(read, [], pending, nettingOf(exprs, plan, path)) ?? [];
  if (rows === undefined) throw new Error('a scan has one change');
  const tables = others.map((item) => {
    const relation = plan.outline.items.get(item)?.relation;
    if (relation?.kind !== 'table') throw new Error(`item ${item} is no table`);
    return sql`${qualified(relation.schema, relation.name)} AS ${ident(aliasOf(item))}`;
  });
  const written = (expr: Expr): Sql => fragment(deparseExpr(expr, columnOf));
  const label = `${changed.schema}.${changed.name} AS ${changed.alias}`.replaceAll(/[\r\n]/g, ' ');
  return sql`-- touched by changes of ${fragment(label)}
SELECT (${written(path.key)})::${fragment(plan.key.type)} AS key
FROM
  ${lines([...rows.from, ...tables])}${whereOf([gate, ...path.conditions.map(written)])}`;
}

/** The columns of a table that the expressions read. */
function scanOf(
  item: number,
  relation: TableItem,
  source: SourceFacts,
  exprs: readonly Expr[],
): Scan {
  const names = new Set<string>();
  for (const expr of exprs)
    visit(expr, (node) => {
      if (node.kind === 'column' && node.relation === item) names.add(node.name);
    });
  return {
    op: 'scan',
    source,
    number: item + 1,
    label: relation.alias,
    columns: source.columns
      .filter(({ name }) => names.has(name))
      .map((facts, index) => ({
        column: { id: index as ColumnId, name: facts.name, span: null },
        facts,
      })),
    span: relation.span,
  };
}

/** An expression that can fail sees no row that has come and gone. */
function nettingOf(exprs: readonly Expr[], plan: RegroupPlan, { tables }: Path): Netting {
  const typeOf = (ref: ColumnRef): number | null => {
    const relation = plan.outline.items.get(ref.relation)?.relation;
    if (relation?.kind !== 'table' || !tables.includes(ref.relation)) return null;
    const columns = plan.sources.get(relation.oid)?.columns ?? [];
    return columns.find(({ name }) => name === ref.name)?.oid ?? null;
  };
  return exprs.some((expr) => canFail(expr, typeOf)) ? 'fenced' : 'logged';
}
