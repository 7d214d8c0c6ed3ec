/**
 * Grouping: rows with weights to one row for each key. A group exists while its row count is not 0;
 * without keys there is always exactly one row.
 *
 * Its rows are stored (store.ts): what the aggregates need is additive, so a change of the input is
 * added to the groups that it concerns, and nothing else of a group is read. Each aggregate's own
 * rule says which parts it needs.
 */
import type { Aggregate, ColumnRef } from '../../parser/tree.ts';
import { differentOf } from '../algebra/different.ts';
import type { TypeFacts } from '../algebra/facts.ts';
import { INT2, INT4, INT8 } from '../algebra/facts.ts';
import type { AggregateCall, ColumnId, Node, NodeOf } from '../algebra/node.ts';
import { idOf, scansOf } from '../algebra/node.ts';
import { labeller } from '../algebra/print.ts';
import type { PlanReason } from '../algebra/reason.ts';
import {
  aggregateNotMaintained,
  ambiguousValue,
  argumentType,
  keyNotFound,
  keyNotUsable,
  tooManyKeys,
} from '../algebra/reason.ts';
import { ruleFor } from '../aggregates/all.ts';
import { isNeverInfinite, scalesOf } from '../aggregates/numeric-values.ts';
import { PartAllocator } from '../aggregates/parts.ts';
import type { Argument, Finish } from '../aggregates/rule.ts';
import { isFloat } from '../aggregates/rule.ts';
import { ColumnNames, OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, sql } from '../sql/sql.ts';
import type { Rule, Shape } from './rule.ts';
import { columnOf, conditions, nothingAgainst, only, written } from './rule.ts';
import type { Identity, OutputName, Store, StoredKey, Value } from './store.ts';
import { comparable, ordinals } from './store.ts';
import { keyValues, scratchRows, termRows } from './store-rows.ts';
import type { Reading } from './values-once.ts';
import { asWritten, nameOf, valuesOnce } from './values-once.ts';

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
        ({ column, call }) => sql`${written(call, shape)} AS ${ident(`c${column.id}`)}`,
      ),
    ];
    // Without an aggregate nothing else says that it is one row, whatever there is.
    const all = node.aggregates.length === 0 ? sql`\n  GROUP BY ()` : sql``;
    const by = node.keys.length === 0 ? all : sql`\n  GROUP BY ${ordinals(node.keys.length)}`;
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

const ONLY_ROW = OWN_COLUMNS.onlyRow;

const BY_KEYS: Identity = {
  columns: (keys) => keys.map(({ name }) => name),
  touchedBy: comparable,
  extra: [],
  vanishes: true,
  repeats: false,
  fromScratch: (store, input) => sql`${scratchRows(store, input, keyValues(store))}
GROUP BY ${ordinals(store.keys.length)}`,
  contributions: (store, terms) => termRows(store, terms, keyValues(store)),
  grouping: ({ keys }) => {
    const columns = keys.map(({ name }) => sql`u.${ident(name)}`);
    return { select: columns, groupBy: columns };
  },
};

const BY_NOTHING: Identity = {
  columns: () => [ONLY_ROW],
  touchedBy: () => [],
  extra: [ONLY_ROW],
  vanishes: false,
  repeats: false,
  fromScratch: (store, input) => scratchRows(store, input, [sql`TRUE AS ${ident(ONLY_ROW)}`]),
  contributions: (store, terms) => termRows(store, terms, [sql`TRUE AS ${ident(ONLY_ROW)}`]),
  grouping: () => ({ select: [sql`TRUE AS ${ident(ONLY_ROW)}`], groupBy: [] }),
};

/** What the server says of the columns of a definition, and of itself. */
export type Types = {
  readonly of: (column: ColumnId) => TypeFacts;
  readonly serverMajor: number;
  /**
   * The operator by which one value comes no later than another in the order of which an
   * aggregate gives the first value; null if the catalog names no such order.
   */
  readonly reaches: (aggregate: ColumnId) => Sql | null;
};

/** PostgreSQL's INDEX_MAX_KEYS. */
const MAX_KEYS = 32;

/**
 * How the groups are stored, or all that stands against it. Columns are named in this order: keys
 * and finished aggregates as the definition calls them, then the parts by what they hold.
 */
export function groupStore(
  node: NodeOf<'group'>,
  input: Shape,
  types: Types,
  outputName: OutputName,
): Store | { readonly reasons: readonly PlanReason[] } {
  const label = labeller(node);
  const names = new ColumnNames();
  const reasons: PlanReason[] = [];
  const keys = node.keys.map(({ column, expr }): StoredKey => {
    const facts = types.of(column.id);
    if (!facts.sortable) reasons.push(keyNotUsable(label(expr), facts.type, expr.span));
    const name = names.take(outputName(column.id) ?? column.name);
    return { name, value: written(expr, input), facts, label: label(expr), isSourceKey: false };
  });
  if (keys.length > MAX_KEYS) reasons.push(tooManyKeys(keys.length, MAX_KEYS));
  // Whether an aggregate is more than a part is known once it is planned, and values are named
  // before parts.
  const plan = (allocator: PartAllocator, reading: Reading): readonly (Planned | PlanReason)[] =>
    planAggregates(node, input, types, allocator, reading);
  const tried = plan(new PartAllocator(new ColumnNames()), asWritten(input));
  reasons.push(...tried.flatMap((one) => ('kind' in one ? [one] : [])));
  if (reasons.length > 0) return { reasons };
  const valueNames = tried.map((one, index) => {
    const call = node.aggregates[index];
    if (call === undefined || 'kind' in one || one.part !== null) return null;
    return names.take(outputName(call.column.id) ?? valueName(call));
  });
  const allocator = new PartAllocator(names);
  const planned = plan(allocator, asWritten(input));
  const { parts, extremes } = allocator;
  const lost = extremes.length === 0 ? [] : node.keys.filter((_, index) => cannotFind(keys[index]));
  if (lost.length > 0)
    return {
      reasons: lost.map(({ column, expr }) =>
        keyNotFound(label(expr), types.of(column.id).type, expr.span),
      ),
    };
  const values = planned.flatMap((one, index): Value[] => {
    const [name, aggregate] = [valueNames[index] ?? null, node.aggregates[index]];
    if (name === null || aggregate === undefined || 'kind' in one) return [];
    const { type } = types.of(aggregate.column.id);
    const [stored, of] = [!CAN_OVERFLOW.has(type), label(aggregate.call)];
    return [{ name, type, finish: one.finish, stored, label: of }];
  });
  return {
    identity: node.keys.length === 0 ? BY_NOTHING : BY_KEYS,
    keys,
    parts,
    extremes,
    values,
    columns: storedColumns(
      node,
      keys,
      planned.map((one, index) => ('kind' in one ? null : one.part) ?? valueNames[index] ?? ''),
    ),
    input: 0,
    once: valuesOnce(input, { keys, parts, extremes }, plan),
  };
}

/** `aggregates`: the names of their columns. */
const storedColumns = (
  node: NodeOf<'group'>,
  keys: readonly StoredKey[],
  aggregates: readonly string[],
): Store['columns'] =>
  new Map([
    ...node.keys.map(({ column }, index) => [column.id, keys[index]?.name ?? ''] as const),
    ...node.aggregates.map(({ column }, index) => [column.id, aggregates[index] ?? ''] as const),
  ]);

/** Whether equality does not find the rows of a group again, from which an extreme is derived. */
const cannotFind = (key: StoredKey | undefined): boolean => key?.facts.hasPlainEquality !== true;

/** `result_avg_amount`: of an aggregate that the definition does not show unchanged. */
const valueName = ({ call, args }: AggregateCall): string =>
  ['result', call.name, ...args.map(({ expr }) => nameOf(expr))]
    .filter((word) => word !== '')
    .join('_') + suffixOf(call);

const suffixOf = ({ filter }: Aggregate): string =>
  filter === null ? '' : `_if_${nameOf(filter)}`;

/** The different values that an aggregate with DISTINCT reads: the input, and its columns. */
type Over = { readonly number: number; readonly args: readonly Sql[] };

function differentRows(node: NodeOf<'group'>, input: Shape): (call: AggregateCall) => Over | null {
  const found = differentOf(node);
  return (one) => {
    const number = found.findIndex(({ calls }) => calls.includes(one)) + 1;
    const rows = found[number - 1]?.rows;
    if (rows === undefined) return null;
    const shape = group.shape(rows, [input]);
    const keys = rows.keys.slice(node.keys.length);
    return { number, args: keys.map(({ column }) => columnOf(shape, column.id)) };
  };
}

/** A finished aggregate, and the part that it is; null if it is computed from parts. */
type Planned = { readonly finish: Finish; readonly part: string | null };

const planAggregates = (
  node: NodeOf<'group'>,
  input: Shape,
  types: Types,
  allocator: PartAllocator,
  reading: Reading,
): readonly (Planned | PlanReason)[] => {
  const overOf = differentRows(node, input);
  return node.aggregates.map((call) =>
    planAggregate(call, overOf(call), node, types, allocator, reading),
  );
};

function planAggregate(
  { column, call, args }: AggregateCall,
  over: Over | null,
  node: NodeOf<'group'>,
  types: Types,
  parts: PartAllocator,
  reading: Reading,
): Planned | PlanReason {
  const rule = call.schema === null ? ruleFor(call.name) : undefined;
  if (rule === undefined) return aggregateNotMaintained(call.name, call.span);
  const label = labeller(node);
  const ambiguous = over === null || call.name === 'count' ? null : ambiguousIn(args, types);
  if (ambiguous !== null) return ambiguousValue(call.name, label(ambiguous.expr), call.span);
  const scale = scaleOf(node);
  const planned = args.map(
    ({ column: own, expr }, index): Argument => ({
      value: over?.args[index] ?? reading.argument(expr, call.filter),
      type: types.of(own.id),
      scales: scalesOf(expr, scale),
      isNeverInfinite: isNeverInfinite(expr, scale),
      name: nameOf(expr),
      label: label(expr),
    }),
  );
  // A row is not null, whatever its fields are.
  const isOfRows = over !== null && call.args.length === 1 && call.args[0]?.kind === 'row';
  const filter = call.filter === null || over !== null ? [] : [reading.condition(call.filter)];
  const finish = rule.plan({
    name: call.name,
    args: isOfRows ? [] : planned,
    filter,
    resultType: types.of(column.id).type,
    result: types.of(column.id),
    reaches: types.reaches(column.id),
    parts: parts.for(
      call.filter === null ? null : { suffix: suffixOf(call), label: label(call.filter) },
      over?.number,
    ),
    serverMajor: types.serverMajor,
  });
  if (finish !== null) {
    const text = finish(ident).text;
    const stored = [...parts.parts, ...parts.extremes];
    const part = stored.find(({ name }) => ident(name).text === text);
    return { finish, part: part?.name ?? null };
  }
  return argumentType(
    call.name,
    planned.map(({ type }) => type.type),
    call.span,
  );
}

/**
 * The argument of which equal values can differ in what is computed from them. Zeros of a float
 * have two signs, and add nothing.
 */
const ambiguousIn = (
  args: AggregateCall['args'],
  types: Types,
): AggregateCall['args'][number] | null =>
  args.find(({ column }) => {
    const type = types.of(column.id);
    return !type.equalIsSame && !isFloat(type);
  }) ?? null;

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
