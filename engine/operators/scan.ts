/**
 * A source: its rows now are the table, its change is its pending log rows.
 *
 * Netted change: log rows that add up to nothing are no change. Conditions reach the log through
 * the grouping, because they are on what is grouped by, unless rows are fenced: `OFFSET 0` keeps
 * the planner from computing anything below.
 *
 * If it is timed, each row has the moment as of which it is read (algebra/timed.ts). With the state
 * of moment t0 and now t1, where R is the table and D its pending rows:
 *
 *   R at t1 - (R - D) at t0  =  D at t0  +  rows of R that have changed, at t1  -  the same, at t0
 */
import type { Expr } from '../../parser/tree.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { NodeOf } from '../algebra/node.ts';
import { logColumn } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, qualified, sql } from '../sql/sql.ts';
import { canNet, imageGrouping } from './image.ts';
import { MOMENT } from '../algebra/timed.ts';
import type { Netting, Pending } from './pending.ts';
import { isPending } from './pending.ts';
import type { Rule, Term } from './rule.ts';
import { conditions, written } from './rule.ts';
import { hasPassed, NOW } from './time.ts';

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
    from: [
      node.timed.length === 0
        ? sql`${tableOf(node)} AS ${ident(aliasOf(node))}`
        : rowsAsOf(node, sql`${tableOf(node)} AS t`, [], NOW),
    ],
    where: [],
  }),
  change: (node, _inputs, pending, netting, asked) => {
    const weight = weightName(node);
    const alias = ident(aliasOf(node));
    return [
      {
        from: [sql`(${pendingRows(node, pending, netting, weight, asked)}) AS ${alias}`],
        where: [],
        weight: sql`${alias}.${weight}`,
        sign: 1,
        label: `changes of ${node.source.schema}.${node.source.name} AS ${node.label}`,
      },
      ...passed(node, pending),
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

const tableOf = ({ source }: NodeOf<'scan'>): Sql => qualified(source.schema, source.name);

/** The rows of a FROM clause, the moment among their columns. */
function rowsAsOf(
  node: NodeOf<'scan'>,
  from: Sql,
  where: readonly Sql[],
  moment: Sql,
  weight: Sql | null = null,
): Sql {
  const columns = node.columns.map(({ facts }) =>
    facts.attnum === MOMENT
      ? sql`${moment} AS ${ident(facts.name)}`
      : sql`t.${ident(facts.name)} AS ${ident(facts.name)}`,
  );
  const all = weight === null ? columns : [sql`m.weight AS ${weight}`, ...columns];
  return sql`(
  SELECT ${join(all, ', ')}
  FROM ${from}${conditions(where)}
) AS ${ident(aliasOf(node))}`;
}

/** Rows that the passing of time has changed, as they are now and as they were. */
function passed(node: NodeOf<'scan'>, { moment }: Pending): readonly Term[] {
  if (node.timed.length === 0) return [];
  const weight = weightName(node);
  const moments = sql`(VALUES (1::bigint, ${NOW}), (-1, ${moment})) AS m(weight, moment)`;
  const from = sql`${tableOf(node)} AS t CROSS JOIN LATERAL ${moments}`;
  return [
    {
      from: [rowsAsOf(node, from, [hasPassed(node.timed, 't', moment)], sql`m.moment`, weight)],
      where: [],
      weight: sql`${ident(aliasOf(node))}.${weight}`,
      sign: null,
      label: `time passed for ${node.source.schema}.${node.source.name} AS ${node.label}`,
    },
  ];
}

function pendingRows(
  node: NodeOf<'scan'>,
  pending: Pending,
  netting: Netting,
  weight: Sql,
  asked: readonly Expr[],
): Sql {
  const log = pending.logOf(node.source.oid);
  const facts = node.columns.map((one) => one.facts).filter(({ attnum }) => attnum !== MOMENT);
  const moments = node.columns
    .filter((one) => one.facts.attnum === MOMENT)
    .map((one) => sql`${pending.moment} AS ${ident(one.facts.name)}`);
  const logged = facts.map((column) => {
    const value = sql`l.${ident(logColumn(column.attnum))}`;
    return column.logType === column.baseType ? value : sql`${value}::${fragment(column.baseType)}`;
  });
  const named = (values: readonly Sql[]): Sql[] =>
    facts.map((column, index) => sql`${values[index] ?? sql``} AS ${ident(column.name)}`);
  if (netting === 'logged' || !canNet(facts)) {
    return sql`
  SELECT ${join([sql`l.weight::bigint AS ${weight}`, ...named(logged), ...moments], ', ')}
  FROM ${log} AS l
  WHERE ${isPending(pending, sql`l`)}
`;
  }
  const images = facts.map((column, index) => imageGrouping(logged[index] ?? sql``, column));
  const groups = images.flatMap((image) => image.groupBy);
  const values = [...named(images.map((image) => image.select)), ...moments];
  const net = sql`
  SELECT ${join([sql`pg_catalog.sum(l.weight)::bigint AS ${weight}`, ...values], ', ')}
  FROM ${log} AS l
  WHERE ${isPending(pending, sql`l`)}
  GROUP BY ${groups.length === 0 ? sql`()` : join(groups, ', ')}
  HAVING pg_catalog.sum(l.weight) <> 0${netting === 'fenced' ? sql`\n  OFFSET 0` : sql``}
`;
  const kept = fulfilling(net, node, weight, asked);
  return pending.expected === null ? kept : withExpectedRows(kept, node, pending.expected, weight);
}

/**
 * PostgreSQL asks conditions of log rows before it groups them, unless they are fenced. The rows
 * that the planner is told to expect must not be subject to them: it would expect fewer.
 */
function fulfilling(rows: Sql, node: NodeOf<'scan'>, weight: Sql, asked: readonly Expr[]): Sql {
  if (asked.length === 0) return rows;
  const alias = ident(aliasOf(node));
  const shape = scan.shape(node, []);
  const columns = momentLast(node).map(({ name }) => sql`${alias}.${ident(name)}`);
  return sql`
  SELECT ${join([sql`${alias}.${weight}`, ...columns], ', ')}
  FROM (${rows}) AS ${alias}${conditions(asked.map((condition) => written(condition, shape)))}
`;
}

/**
 * Rows that the planner expects and that never come. It knows nothing of what is pending: the
 * statistics of a log are those of its last VACUUM, and what a frontier selects of it is a guess.
 * Taken for few, thousands of pending rows are compared with each other one by one. The number of
 * rows of generate_series is what its arguments are when the statement is planned; a condition that
 * does not depend on any row is asked once, before the first row, and counts for nothing.
 *
 * The values are no constants: with those, the planner would compute conditions of the definition,
 * and a function may fail for NULL. Nor would it then expect any rows for which they are not true.
 */
function withExpectedRows(
  rows: Sql,
  node: NodeOf<'scan'>,
  expected: (sourceOid: number) => Sql,
  weight: Sql,
): Sql {
  const nulls = momentLast(node).map(
    ({ baseType, name }) =>
      sql`(CASE WHEN g.n IS NULL THEN NULL END)::${fragment(baseType)} AS ${ident(name)}`,
  );
  return sql`(${rows})
  UNION ALL
  SELECT ${join([sql`0::bigint AS ${weight}`, ...nulls], ', ')}
  FROM pg_catalog.generate_series(1, ${expected(node.source.oid)}) AS g(n)
  WHERE (SELECT FALSE)
`;
}

/** The columns in the order of pending rows. */
function momentLast(node: NodeOf<'scan'>): readonly ColumnFacts[] {
  const own = node.columns.map(({ facts }) => facts);
  return [
    ...own.filter(({ attnum }) => attnum !== MOMENT),
    ...own.filter(({ attnum }) => attnum === MOMENT),
  ];
}

/** A name that no column of the source that is read has. */
function weightName(node: NodeOf<'scan'>): Sql {
  const taken = new Set(node.columns.map(({ facts }) => facts.name));
  let name = 'weight';
  while (taken.has(name)) name = `_${name}`;
  return ident(name);
}
