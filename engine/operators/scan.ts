/**
 * A source: its rows now are the table, its change is its pending log rows.
 *
 * Netted change: log rows that add up to nothing are no change. Conditions reach the log through
 * the grouping, because they are on what is grouped by, unless rows are fenced: `OFFSET 0` keeps
 * the planner from computing anything below.
 */
import type { NodeOf } from '../algebra/node.ts';
import { logColumn } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, qualified, sql } from '../sql/sql.ts';
import { canNet, imageGrouping } from './image.ts';
import type { Netting, Pending } from './pending.ts';
import { isPending } from './pending.ts';
import type { Rule } from './rule.ts';

/** `r1`, `r2`, ... by the occurrence's place in the definition. */
const aliasOf = (node: NodeOf<'scan'>): string => `r${node.number}`;

export const scan: Rule<'scan'> = {
  shape: (node) => {
    const alias = ident(aliasOf(node));
    return {
      columns: new Map(
        node.columns.map(({ column, facts }) => [column.id, sql`${alias}.${ident(facts.name)}`]),
      ),
      relations: [
        {
          alias: aliasOf(node),
          columns: node.columns.map(({ facts }) => ({
            name: facts.name,
            short: logColumn(facts.attnum),
            facts,
          })),
        },
      ],
      sources: [node.source.oid],
      label: `${node.source.schema}.${node.source.name} AS ${node.label}`,
    };
  },
  now: (node) => ({
    from: [sql`${qualified(node.source.schema, node.source.name)} AS ${ident(aliasOf(node))}`],
    where: [],
  }),
  change: (node, _inputs, pending, netting) => {
    const weight = weightName(node);
    const alias = ident(aliasOf(node));
    return [
      {
        from: [sql`(${pendingRows(node, pending, netting, weight)}) AS ${alias}`],
        where: [],
        weight: sql`${alias}.${weight}`,
        sign: 1,
        label: `changes of ${node.source.schema}.${node.source.name} AS ${node.label}`,
      },
    ];
  },
  // A trigger sees NULL in columns that are generated when read (the default kind from PostgreSQL
  // 18 on).
  against: (node) =>
    node.columns
      .filter(({ facts }) => facts.isVirtual)
      .map(({ facts }) => ({
        kind: 'virtual_column',
        message:
          `column ${node.label}.${facts.name} is generated when it ` +
          'is read, which capture cannot see',
        hint: 'Write its expression in the definition, or make it a STORED column.',
        span: null,
      })),
};

function pendingRows(node: NodeOf<'scan'>, pending: Pending, netting: Netting, weight: Sql): Sql {
  const log = pending.logOf(node.source.oid);
  const facts = node.columns.map((one) => one.facts);
  const logged = facts.map((column) => {
    const value = sql`l.${ident(logColumn(column.attnum))}`;
    return column.logType === column.baseType ? value : sql`${value}::${fragment(column.baseType)}`;
  });
  const named = (values: readonly Sql[]): Sql[] =>
    facts.map((column, index) => sql`${values[index] ?? sql``} AS ${ident(column.name)}`);
  if (netting === 'logged' || !canNet(facts)) {
    return sql`
  SELECT ${join([sql`l.weight::bigint AS ${weight}`, ...named(logged)], ', ')}
  FROM ${log} AS l
  WHERE ${isPending(pending, sql`l`)}
`;
  }
  const images = facts.map((column, index) => imageGrouping(logged[index] ?? sql``, column));
  const groups = images.flatMap((image) => image.groupBy);
  const values = named(images.map((image) => image.select));
  return sql`
  SELECT ${join([sql`pg_catalog.sum(l.weight)::bigint AS ${weight}`, ...values], ', ')}
  FROM ${log} AS l
  WHERE ${isPending(pending, sql`l`)}
  GROUP BY ${groups.length === 0 ? sql`()` : join(groups, ', ')}
  HAVING pg_catalog.sum(l.weight) <> 0${netting === 'fenced' ? sql`\n  OFFSET 0` : sql``}
`;
}

/** A name that no column of the source that is read has. */
function weightName(node: NodeOf<'scan'>): Sql {
  const taken = new Set(node.columns.map(({ facts }) => facts.name));
  let name = 'weight';
  while (taken.has(name)) name = `_${name}`;
  return ident(name);
}
