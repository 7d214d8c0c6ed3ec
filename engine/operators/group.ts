/**
 * Grouping: rows with weights to one row for each key. A group exists while its row count is not 0; without keys there is
 * always exactly one row.
 *
 * Its rows are stored (store.ts): what the aggregates need is additive, so a change of the input is added to the groups
 * that it concerns, and nothing else of a group is read. Each aggregate's own rule says which parts it needs.
 */
import type { ColumnRef } from '../../parser/tree.ts';
import { deparseExpr } from '../../parser/deparse.ts';
import type { TypeFacts } from '../algebra/facts.ts';
import { INT2, INT4, INT8 } from '../algebra/facts.ts';
import type { AggregateCall, ColumnId, Node, NodeOf } from '../algebra/node.ts';
import { idOf, scansOf } from '../algebra/node.ts';
import { labeller } from '../algebra/print.ts';
import type { PlanReason } from '../algebra/reason.ts';
import {
  aggregateNotMaintained,
  argumentType,
  keyNotUsable,
  tooManyKeys,
} from '../algebra/reason.ts';
import { ruleFor } from '../aggregates/all.ts';
import { fixedScale } from '../aggregates/fixed-scale.ts';
import type { Part } from '../aggregates/parts.ts';
import { PartAllocator } from '../aggregates/parts.ts';
import type { Argument, Finish } from '../aggregates/rule.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Rule, Shape } from './rule.ts';
import { columnOf, conditions, fromWhere, nothingAgainst, only, written } from './rule.ts';
import type { Identity, Store, StoredKey, Value } from './store.ts';
import { keyValues, ordinals, scratchParts, termRows } from './store.ts';

const ALIAS = ident('g');

export const group: Rule<'group'> = {
  shape: (node, inputs) => ({
    columns: new Map(
      [...node.keys, ...node.aggregates].map(({ column }) => [
        column.id,
        sql`${ALIAS}.${ident(`c${column.id}`)}`,
      ]),
    ),
    relations: [],
    sources: only(inputs).sources,
    label: `groups of ${only(inputs).label}`,
  }),
  now: (node, inputs) => {
    const { shape, now } = only(inputs);
    const columns = [
      ...node.keys.map(
        ({ column, expr }) => sql`${written(expr, shape)} AS ${ident(`c${column.id}`)}`,
      ),
      ...node.aggregates.map(
        ({ column, call }) =>
          sql`${fragment(deparseExpr(call, (ref) => columnOf(shape, idOf(ref)).text))} AS ${ident(`c${column.id}`)}`,
      ),
    ];
    const by = node.keys.length === 0 ? sql`` : sql`\n  GROUP BY ${ordinals(node.keys.length)}`;
    return {
      from: [
        sql`(
  SELECT ${join(columns, ', ')}
  FROM ${join(now.from, ', ')}${conditions(now.where)}${by}
) AS ${ALIAS}`,
      ],
      where: [],
    };
  },
  change: null,
  against: nothingAgainst,
};

/** The column of the one row of a grouping without keys. */
const ONLY_ROW = 'only_row';

const BY_KEYS: Identity = {
  columns: (keys) => keys.map(({ name }) => name),
  extra: [],
  vanishes: true,
  repeats: false,
  fromScratch: (store, input) => sql`SELECT
  ${lines([...keyValues(store), ...scratchParts(store)])}
${fromWhere(input)}
GROUP BY ${ordinals(store.keys.length)}`,
  contributions: (store, terms) => termRows(store, terms, keyValues(store)),
  grouping: ({ keys }) => {
    const columns = keys.map(({ name }) => sql`u.${ident(name)}`);
    return { select: columns, groupBy: columns };
  },
};

const BY_NOTHING: Identity = {
  columns: () => [ONLY_ROW],
  extra: [ONLY_ROW],
  vanishes: false,
  repeats: false,
  fromScratch: (store, input) => sql`SELECT
  ${lines([sql`TRUE AS ${ident(ONLY_ROW)}`, ...scratchParts(store)])}
${fromWhere(input)}`,
  contributions: (store, terms) => termRows(store, terms, [sql`TRUE AS ${ident(ONLY_ROW)}`]),
  grouping: () => ({ select: [sql`TRUE AS ${ident(ONLY_ROW)}`], groupBy: [] }),
};

/** What the server says of the columns of a definition, and of itself. */
export type Types = {
  readonly of: (column: ColumnId) => TypeFacts;
  readonly serverMajor: number;
};

/** PostgreSQL's INDEX_MAX_KEYS. */
const MAX_KEYS = 32;

/** How the groups are stored, or all that stands against it. */
export function groupStore(
  node: NodeOf<'group'>,
  input: Shape,
  types: Types,
): Store | { readonly reasons: readonly PlanReason[] } {
  const label = labeller(node);
  const reasons: PlanReason[] = [];
  const keys = node.keys.map(({ column, expr }, index): StoredKey => {
    const facts = types.of(column.id);
    if (!facts.sortable) reasons.push(keyNotUsable(label(expr), facts.type, expr.span));
    return { name: `key${index + 1}`, value: written(expr, input), facts, label: label(expr) };
  });
  if (keys.length > MAX_KEYS) reasons.push(tooManyKeys(keys.length, MAX_KEYS));
  const allocator = new PartAllocator();
  const finishes = node.aggregates.map((call) => {
    const planned = planAggregate(call, node, input, types, allocator);
    if ('kind' in planned) reasons.push(planned);
    return 'kind' in planned ? null : planned.finish;
  });
  if (reasons.length > 0) return { reasons };
  const { parts } = allocator;
  const { values, names } = finished(node, finishes, parts, types);
  return {
    identity: node.keys.length === 0 ? BY_NOTHING : BY_KEYS,
    keys,
    parts,
    values,
    columns: new Map([
      ...node.keys.map(({ column }, index) => [column.id, keys[index]?.name ?? ''] as const),
      ...node.aggregates.map(({ column }, index) => [column.id, names[index] ?? ''] as const),
    ]),
  };
}

function planAggregate(
  { column, call, args }: AggregateCall,
  node: NodeOf<'group'>,
  input: Shape,
  types: Types,
  parts: PartAllocator,
): { readonly finish: Finish } | PlanReason {
  const rule = call.schema === null ? ruleFor(call.name) : undefined;
  if (rule === undefined) return aggregateNotMaintained(call.name, call.span);
  const label = labeller(node);
  const planned = args.map(
    ({ column: own, expr }): Argument => ({
      value: expr.kind === 'column' ? written(expr, input) : sql`(${written(expr, input)})`,
      type: types.of(own.id),
      fixedScale: fixedScale(expr, scaleOf(node)),
      label: label(expr),
    }),
  );
  const finish = rule.plan({
    name: call.name,
    args: planned,
    filter: call.filter === null ? [] : [sql`(${written(call.filter, input)})`],
    resultType: types.of(column.id).type,
    parts,
    serverMajor: types.serverMajor,
  });
  if (finish !== null) return { finish };
  return argumentType(
    call.name,
    planned.map(({ type }) => type.type),
    call.span,
  );
}

/** The display scale of a source's column, if all its values have the same. */
function scaleOf(root: Node): (ref: ColumnRef) => number | null {
  const scales = new Map(
    scansOf(root).flatMap(({ columns }) =>
      columns.map(({ column, facts }) => [
        column.id,
        facts.oid === INT2 || facts.oid === INT4 || facts.oid === INT8 ? 0 : facts.scale,
      ]),
    ),
  );
  return (ref) => scales.get(idOf(ref)) ?? null;
}

/** Results that are computed in other types than the exact ones of the parts. */
const CAN_OVERFLOW: ReadonlySet<string> = new Set(['real', 'double precision', 'interval']);

/** The stored column that is each aggregate: a part if that is the answer already, otherwise a value. */
function finished(
  node: NodeOf<'group'>,
  finishes: readonly (Finish | null)[],
  parts: readonly Part[],
  types: Types,
): { readonly values: readonly Value[]; readonly names: readonly string[] } {
  const label = labeller(node);
  const values: Value[] = [];
  const names = node.aggregates.map(({ column, call }, index) => {
    const finish = finishes[index];
    if (finish === null || finish === undefined) throw new Error(`${call.name} is not planned`);
    const text = finish(ident).text;
    const part = parts.find((one) => ident(one.name).text === text);
    if (part !== undefined) return part.name;
    const name = `value${values.length + 1}`;
    const { type } = types.of(column.id);
    values.push({ name, type, finish, stored: !CAN_OVERFLOW.has(type), label: label(call) });
    return name;
  });
  return { values, names };
}
