/**
 * What a fold asks first: which keys are touched, as its variable `touched`. It may take more keys
 * for few than a read does (few-keys.ts), and looks up more changed rows (met-rows.ts).
 */
import type { RowsPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { join, literal, sql } from '../sql/sql.ts';
import type { Rows } from './few-keys.ts';
import { FEW_SETTING, fewToFold } from './few-keys.ts';
import { touchedInFold } from './touched-view.ts';

export const letFew = (few: Sql): Sql =>
  sql`PERFORM pg_catalog.set_config(${literal(FEW_SETTING)}, ${few}, true);`;

export function askTouched({ id, names }: Rows, plan: RowsPlan): Sql {
  const query = `SELECT t.* FROM ${touchedInFold(names, plan).sql.text} AS t`;
  const ask = sql`EXECUTE ${literal(query)} INTO touched;`;
  const few = fewToFold({ id, names }, plan);
  return few === null ? ask : join([letFew(few), ask, letFew(sql`''`)], '\n');
}
