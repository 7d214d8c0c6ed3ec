/**
 * A select-project-join as it is stored: one row for each different row, with the number of its
 * copies.
 *
 * Rows are told apart by their image (a digest of their binary form), not by `=`: 1.0 and 1.00 are
 * two rows of the answer. Values that hold an enum are no part of the digest, because their image
 * has the label, which can be renamed without a write: they are columns of the unique key
 * themselves.
 */
import type { NodeOf } from '../algebra/node.ts';
import { idOf, scansOf } from '../algebra/node.ts';
import { labeller } from '../algebra/print.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { enumInside, keyNotUsable } from '../algebra/reason.ts';
import { ROW_COUNT } from '../aggregates/parts.ts';
import { ColumnNames, OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Types } from './group.ts';
import { anyOf, imageOf } from './image.ts';
import type { Shape } from './rule.ts';
import { fromWhere, written } from './rule.ts';
import type { Grouping, Identity, OutputName, Store, StoredKey } from './store.ts';
import { comparable } from './store.ts';
import { keyValues, termRows } from './store-rows.ts';

const ROW_DIGEST = OWN_COLUMNS.rowDigest;

/** By `=` alone: see above. */
const isOwnKey = ({ facts }: StoredKey): boolean => facts.holdsEnum;

const BY_DIGEST: Identity = {
  columns: (keys) => [ROW_DIGEST, ...keys.filter(isOwnKey).map(({ name }) => name)],
  // Conditions on a source's key reach the log, and those on a digest do not.
  touchedBy: (keys) => {
    const own = comparable(keys.filter(({ isSourceKey }) => isSourceKey));
    return own.length > 0 ? own : [{ name: ROW_DIGEST, canBeNull: false }];
  },
  extra: [ROW_DIGEST],
  vanishes: true,
  repeats: true,
  fromScratch: (store, input) => {
    const { select, groupBy } = grouped(store, 'q', digestOf(store, 'q'));
    return sql`SELECT
  ${lines([...select, sql`pg_catalog.count(*) AS ${ident(ROW_COUNT.name)}`])}
FROM (
  SELECT
    ${lines(keyValues(store))}
  ${fromWhere(input)}
) AS q
GROUP BY ${join(groupBy, ', ')}`;
  },
  contributions: (store, terms) => sql`SELECT
  ${lines([sql`${digestOf(store, 'q')} AS ${ident(ROW_DIGEST)}`, sql`q.*`])}
FROM (
  ${termRows(store, terms, keyValues(store))}
) AS q`,
  grouping: (store) => grouped(store, 'u', sql`u.${ident(ROW_DIGEST)}`),
};

/** How the rows of a projection are stored: by their columns, each expression once. */
export function bagStore(
  node: NodeOf<'project'>,
  input: Shape,
  types: Types,
  outputName: OutputName,
): Store | { readonly reasons: readonly PlanReason[] } {
  const label = labeller(node);
  const reasons: PlanReason[] = [];
  const names = new ColumnNames();
  const sourceKeys = new Set(
    scansOf(node).flatMap(({ columns }) =>
      columns.filter(({ facts }) => facts.isInPrimaryKey).map(({ column }) => column.id),
    ),
  );
  const keys = node.outputs.map(({ column, expr }) => {
    const facts = types.of(column.id);
    if (facts.holdsEnum && !facts.equalIsSame)
      reasons.push(enumInside(label(expr), facts.type, expr.span));
    else if (!facts.groupable) reasons.push(keyNotUsable(label(expr), facts.type, expr.span));
    return {
      name: names.take(outputName(column.id) ?? column.name),
      value: written(expr, input),
      facts,
      label: label(expr),
      isSourceKey: expr.kind === 'column' && sourceKeys.has(idOf(expr)),
    };
  });
  if (reasons.length > 0) return { reasons };
  return {
    identity: BY_DIGEST,
    keys,
    parts: [{ ...ROW_COUNT, comment: 'copies of the row' }],
    extremes: [],
    values: [],
    columns: new Map(node.outputs.map(({ column }, index) => [column.id, keys[index]?.name ?? ''])),
    input: 0,
    once: null,
  };
}

/**
 * Rows with the same digest are the same; their sortable columns group too, so that conditions on
 * these reach the rows.
 */
function grouped(store: Store, alias: string, digest: Sql): Grouping {
  const columns = store.keys.map((key) => ({
    key,
    grouped: key.facts.sortable || isOwnKey(key),
    value: sql`${ident(alias)}.${ident(key.name)}`,
  }));
  return {
    select: [
      sql`${digest} AS ${ident(ROW_DIGEST)}`,
      ...columns.map(
        ({ key, grouped: by, value }) => sql`${by ? value : anyOf(value)} AS ${ident(key.name)}`,
      ),
    ],
    groupBy: [digest, ...columns.filter((column) => column.grouped).map(({ value }) => value)],
  };
}

/**
 * The binary form of a row names its columns' types: a domain's values come from the source as
 * such, from a log in the base type. Text would be in the client's encoding there.
 */
function digestOf(store: Store, alias: string): Sql {
  const imaged = store.keys.filter((key) => !isOwnKey(key));
  const columns = imaged.map(({ name, facts }) => {
    const cast = facts.type === facts.baseType ? sql`` : sql`::${fragment(facts.baseType)}`;
    const value = sql`${ident(alias)}.${ident(name)}${cast}`;
    return facts.image?.form === 'text' ? imageOf(value, facts) : value;
  });
  return sql`pg_catalog.sha256(pg_catalog.record_send(ROW(${join(columns, ', ')})))`;
}
