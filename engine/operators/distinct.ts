/**
 * Each row once, NULLs being equal. Over groups it is computed when read; below that a rewrite
 * makes it a grouping.
 */
import { ident, join, sql } from '../sql/sql.ts';
import type { Rule } from './rule.ts';
import { conditions, nothingAgainst, only } from './rule.ts';

const ALIAS = ident('d');

export const distinct: Rule<'distinct'> = {
  shape: (_node, inputs) => {
    const input = only(inputs);
    const columns = [...input.columns.keys()];
    return {
      columns: new Map(columns.map((id) => [id, sql`${ALIAS}.${ident(`c${id}`)}`])),
      relations: [],
      sources: input.sources,
      label: `distinct ${input.label}`,
    };
  },
  now: (_node, inputs) => {
    const { shape, now } = only(inputs);
    const columns = [...shape.columns].map(([id, value]) => sql`${value} AS ${ident(`c${id}`)}`);
    return {
      from: [
        sql`(
  SELECT DISTINCT ${join(columns, ', ')}
  FROM ${join(now.from, ', ')}${conditions(now.where)}
) AS ${ALIAS}`,
      ],
      where: [],
    };
  },
  change: null,
  against: nothingAgainst,
};
