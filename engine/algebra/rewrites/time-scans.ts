/**
 * time-scans: the time is a column of a scan where a comparison of its rows reads it.
 *
 *   filter(scan(t); t.at > now() - x)  ->  filter(scan(t, moment); t.at > moment - x)
 *
 * Right because the moment is the same for all rows now. So the passing of time is a change of the
 * scan (operators/scan.ts), and every operator above it is as it was. Wrong for what reads the time
 * and is no such comparison: `now() - t.at` is another value at each moment, for every row. What
 * could fail is left alone too: it would be computed for all rows of the table.
 */
import type { ColumnRef, Expr } from '../../../parser/tree.ts';
import type { ColumnFacts } from '../facts.ts';
import type { Column, ColumnId, Node, Output, Scan } from '../node.ts';
import {
  columnsOf,
  expressionsOf,
  idOf,
  inputsOf,
  mapApplied,
  nodesOf,
  reference,
  scansOf,
  withInputs,
} from '../node.ts';
import type { PlanReason } from '../reason.ts';
import { momentDependent } from '../reason.ts';
import type { Timed } from '../timed.ts';
import { atMoment, isOfNow, readsNowInBody } from '../moments.ts';
import { MOMENT, mapTimed, timedOf } from '../timed.ts';
import { visit } from '../../../parser/walk.ts';

/**
 * The tree, or what in it reads the time otherwise. `values`: whether values that are no
 * comparisons, and seldom change, may be stored as well.
 */
export function timeScans(
  root: Node,
  values: boolean,
): Node | { readonly reasons: readonly PlanReason[] } {
  const found = new Timing(root, values);
  const timed = found.node(root);
  const reasons = nodesOf(timed).flatMap(expressionsOf).flatMap(readsTime);
  return reasons.length > 0 ? { reasons } : found.withMoments(timed);
}

/** Each place of an expression that reads the time. */
function readsTime(expr: Expr): readonly PlanReason[] {
  const found: PlanReason[] = [];
  visit(expr, (node) => {
    if (isOfNow(node)) found.push(untimed(node));
  });
  return found;
}

/** Why the time cannot be read here. */
export const untimed = (node: Expr): PlanReason => ({
  ...momentDependent(shownAs(node), node.span),
  hint: readsNowInBody(node) ? TIME_IN_BODY : COMPARE,
});

const COMPARE =
  'Compare columns of one table with it, as in placed >= now() - interval ..., or put it into ' +
  'the queries that read the imat.';

const TIME_IN_BODY =
  'Its body reads the time: imat computes it at each read in a SELECT list, or in an ORDER BY ' +
  'with its LIMIT, but stores nothing that it computes. Put it there, or into the queries that ' +
  'read the imat.';

function shownAs(node: Expr): string {
  if (node.kind === 'value_function') return node.sql;
  return node.kind === 'call' && node.readsTime === true ? `"${node.name}"` : '"now"';
}

class Timing {
  readonly #scans: ReadonlyMap<ColumnId, Scan>;
  readonly #timed = new Map<Scan['number'], { readonly moment: Column; timed: Timed[] }>();
  readonly #values: boolean;
  #next: number;

  constructor(root: Node, values: boolean) {
    this.#values = values;
    const scans = scansOf(root);
    this.#scans = new Map(
      scans.flatMap((scan) => columnsOf(scan).map(({ id }) => [id, scan] as const)),
    );
    this.#next =
      Math.max(
        0,
        ...nodesOf(root)
          .flatMap(columnsOf)
          .map(({ id }) => id),
      ) + 1;
  }

  node(node: Node): Node {
    const own = withInputs(
      node,
      inputsOf(node).map((input) => this.node(input)),
    );
    const expr = (one: Expr): Expr => this.#expr(one);
    const outputs = (all: readonly Output[]): Output[] =>
      all.map((one) => ({ ...one, expr: expr(one.expr) }));
    switch (own.op) {
      case 'filter':
      case 'join':
        return { ...own, conditions: own.conditions.map(expr) };
      case 'project':
        return { ...own, outputs: outputs(own.outputs) };
      case 'apply':
        return { ...own, rows: mapApplied(own.rows, expr) };
      case 'group':
        return {
          ...own,
          keys: outputs(own.keys),
          aggregates: own.aggregates.map((one) => ({
            ...one,
            args: outputs(one.args),
            call: {
              ...one.call,
              args: one.call.args.map(expr),
              filter: one.call.filter && expr(one.call.filter),
            },
          })),
        };
      default:
        return own;
    }
  }

  withMoments(node: Node): Node {
    if (node.op !== 'scan')
      return withInputs(
        node,
        inputsOf(node).map((input) => this.withMoments(input)),
      );
    const found = this.#timed.get(node.number);
    if (found === undefined) return node;
    const facts = momentFacts(node);
    return {
      ...node,
      columns: [...node.columns, { column: found.moment, facts }],
      timed: found.timed,
    };
  }

  #expr(expr: Expr): Expr {
    return mapTimed(expr, this.#values, (one) => {
      const [scan, ...others] = new Set(one.columns.map((column) => this.#scans.get(idOf(column))));
      if (scan === undefined || others.length > 0) return null;
      const factsOf = (column: ColumnRef): ColumnFacts | undefined =>
        scan.columns.find((one) => one.column.id === idOf(column))?.facts;
      const timed = timedOf(one, {
        nameOf: (column) => factsOf(column)?.name ?? '',
        typeOf: (column) => factsOf(column)?.oid ?? null,
      });
      if (timed === null) return null;
      const known = this.#timed.get(scan.number) ?? { moment: this.#moment(), timed: [] };
      known.timed.push(timed);
      this.#timed.set(scan.number, known);
      return atMoment(one.node, reference(known.moment, null));
    });
  }

  #moment(): Column {
    return { id: this.#next++ as ColumnId, name: 'now()', span: null };
  }
}

function momentFacts({ source }: Scan): ColumnFacts {
  const taken = new Set(source.columns.map(({ name }) => name));
  let name = 'moment';
  while (taken.has(name)) name = `_${name}`;
  return { ...TIMESTAMPTZ, name, attnum: MOMENT, collation: null };
}

const TYPE = 'timestamp with time zone';
const TIMESTAMPTZ: Omit<ColumnFacts, 'name' | 'attnum' | 'collation'> = {
  type: TYPE,
  baseType: TYPE,
  logType: TYPE,
  oid: 1184,
  isComposite: false,
  scale: null,
  image: { form: 'binary', by: 'pg_catalog.timestamptz_send' },
  equalIsSame: true,
  holdsEnum: false,
  sortable: true,
  hashable: true,
  hasPlainEquality: true,
  groupable: true,
  isVirtual: false,
  isInPrimaryKey: false,
};
