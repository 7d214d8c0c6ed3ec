/** What PostgreSQL's own grammar says of a SELECT without our adapter. */
import { parse } from 'libpg-query';

/** How many columns a SELECT without stars has. */
export async function countTargets(sql: string): Promise<number> {
  const [statement] = (await parse(sql)).stmts ?? [];
  const select = statement?.stmt;
  if (select === undefined || !('SelectStmt' in select)) throw new Error(`not a SELECT: ${sql}`);
  return select.SelectStmt.targetList?.length ?? 0;
}
