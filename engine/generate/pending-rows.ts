/** The pending rows of a table of a definition that is computed again by keys. */
import type { Expr, TableItem } from '../../parser/tree.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import type { ColumnId, Scan } from '../algebra/node.ts';
import type { Netting, Pending } from '../operators/pending.ts';
import type { Rows } from '../operators/rule.ts';
import { scan } from '../operators/scan.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { columnsRead } from './path-keys.ts';

/** Those of both signs, with the columns that the expressions read. */
export function pendingRows(
  plan: RegroupPlan,
  item: number,
  exprs: readonly Expr[],
  pending: Pending,
  netting: Netting,
): Rows {
  const relation = plan.outline.items.get(item)?.relation;
  const source = relation?.kind === 'table' ? plan.sources.get(relation.oid) : undefined;
  if (relation?.kind !== 'table' || source === undefined)
    throw new Error(`no facts for item ${item}`);
  const read = scanOf(item, relation, source, exprs, netting);
  const [rows] = scan.change?.(read, [], pending, netting, []) ?? [];
  if (rows === undefined) throw new Error('a scan has one change');
  return rows;
}

/**
 * The columns of a table that the expressions read; where pending rows are cancelled against each
 * other all that the definition reads, because a row has not gone if any of them has changed.
 */
function scanOf(
  item: number,
  relation: TableItem,
  source: SourceFacts,
  exprs: readonly Expr[],
  netting: Netting,
): Scan {
  const isUsed = (attnum: number): boolean => source.used?.includes(attnum) !== false;
  const names = columnsRead(item, exprs);
  return {
    op: 'scan',
    source,
    number: item + 1,
    label: relation.alias,
    columns: source.columns
      .filter(({ name, attnum }) => names.has(name) || (netting !== 'logged' && isUsed(attnum)))
      .map((facts, index) => ({
        column: { id: index as ColumnId, name: facts.name, span: null },
        facts,
      })),
    timed: [],
    span: relation.span,
  };
}
