/**
 * The pending change of a join in parts, one view for each table: the products that belong to its
 * change. A read unites the parts of those tables that have pending rows, and plans nothing for the
 * others: of six tables, two of which had changed, 3 of 11 products, 1.7 instead of 4.7 ms.
 *
 * Each part nets the logs that it reads by itself. Beyond a thousand pending rows that takes longer
 * than it takes to plan all products, so all are read as one.
 */
import type { Node, NodeOf } from '../algebra/node.ts';
import { inputsOf } from '../algebra/node.ts';
import { faceOf } from '../operators/all.ts';
import { IN_PLACE, isPending } from '../operators/pending.ts';
import type { AddPlan } from '../plan/plan.ts';
import { isReadByFunction, planScans } from '../plan/plan.ts';
import type { StoreName } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { join, lines, literal, sql } from '../sql/sql.ts';
import { changeQuery } from './change-views.ts';
import { timedTables } from './elapsed.ts';
import { readByFunction } from './read-by-function.ts';
import { changeSettings } from './read-changes.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';

/** Rows of the logs. */
const FEW = 1000;

type Part = { readonly oid: number; readonly name: StoreName };

/** The parts that the change has; none if it is read as one. */
function partsOf({ names }: StoreSubject, plan: AddPlan): readonly Part[] {
  const oids = tablesOf(plan);
  return oids.length > names.parts.length
    ? []
    : oids.flatMap((oid, index) => {
        const name = names.parts[index];
        return name === undefined ? [] : [{ oid, name }];
      });
}

function tablesOf(plan: AddPlan): readonly number[] {
  if (!isReadByFunction(plan) || plan.netting === 'fenced') return [];
  if (plan.inner !== null || plan.different.length > 0) return [];
  // How much is pending is asked by a plan that is kept, which must not name tables that can have
  // partitions (read-by-function.ts).
  if (timedTables(plan).length > 0) return [];
  const node = joinBelow(plan.core.input);
  if (node === null) return [];
  const sources = node.inputs.map((input) => faceOf(input, null).shape.sources);
  if (sources.some((own) => own.length > 1)) return [];
  // The types of a union's columns: where a change has the base type of a domain, and the table the
  // domain, a part could have the other one of them.
  const columns = planScans(plan).flatMap((scan) => scan.columns);
  return columns.some(({ facts }) => facts.type !== facts.baseType)
    ? []
    : [...new Set(sources.flat())];
}

/** The join whose terms are those of the node. */
function joinBelow(node: Node): NodeOf<'join'> | null {
  if (node.op === 'join') return node;
  const isLinear = ['filter', 'project', 'derived', 'apply'].includes(node.op);
  const [input] = inputsOf(node);
  return isLinear && input !== undefined ? joinBelow(input) : null;
}

export function partViews(subject: StoreSubject, plan: AddPlan): readonly Statement[] {
  const parts = partsOf(subject, plan);
  if (parts.length === 0) return [];
  const views = parts.map(({ oid, name }) => {
    const query = changeQuery(plan, subject, plan.netting, { only: oid });
    const label = 'what is pending of one table, with the others';
    return { label, sql: sql`CREATE VIEW ${name.sql} AS\n${query}` };
  });
  return [
    ...views,
    { label: 'how much of each table is pending', sql: pendingView(subject, parts) },
  ];
}

/** How many rows are pending for each part: more than are few, or their number. */
function pendingView({ id, names, logOf }: StoreSubject, parts: readonly Part[]): Sql {
  const frontier = sql`f.snapshot`;
  const rows = parts.map(({ oid }, index) => {
    const isNew = isPending({ ...IN_PLACE, frontier, logOf, moment: sql`f.moment` }, sql`l`);
    return sql`SELECT ${index + 1} AS part, (
    SELECT pg_catalog.count(*)
    FROM (SELECT FROM ${logOf(oid)} AS l WHERE ${isNew} LIMIT ${FEW + 1}) AS p
  ) AS rows
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = ${id}`;
  });
  return sql`CREATE VIEW ${names.pending.sql} AS
${join(rows, '\nUNION ALL\n')}`;
}

/** The text of the query that a function executes: an expression. */
function changeText(subject: StoreSubject, plan: AddPlan): Sql {
  const { delta, pending } = subject.names;
  const all = literal(sql`SELECT * FROM ${delta.sql}`.text);
  const parts = partsOf(subject, plan);
  if (parts.length === 0) return all;
  const texts = parts.map(({ name }) => literal(sql`SELECT * FROM ${name.sql}`.text));
  return sql`(
    SELECT CASE WHEN pg_catalog.sum(p.rows) BETWEEN 1 AND ${FEW}
      THEN pg_catalog.string_agg(
        (ARRAY[
          ${lines(texts)}
        ])[p.part], ' UNION ALL ' ORDER BY p.part) FILTER (WHERE p.rows > 0)
      ELSE ${all} END
    FROM ${pending.sql} AS p
  )`;
}

/** Its body names views. */
export function changesFunction(subject: StoreSubject, plan: AddPlan): readonly Statement[] {
  if (!isReadByFunction(plan)) return [];
  return readByFunction(subject, {
    label: 'the same as a function, planned only if anything is pending',
    view: subject.names.delta.sql,
    text: changeText(subject, plan),
    name: subject.names.changes.sql,
    isUnlocked: subject.withParts.length > 0,
    isArm: false,
    settings: [sql`jit = off`, ...changeSettings(plan)],
  });
}
