/**
 * What a live read takes from the sources where what is stored does not tell the answer: the core
 * as the definition has it. That costs what the definition does; what is stored of it costs more
 * (several parts for each aggregate, and a bag is grouped).
 */
import { columnsOf } from '../algebra/node.ts';
import { faceOf } from '../operators/all.ts';
import { columnOf, fromWhere } from '../operators/rule.ts';
import { storedType } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, lines, sql } from '../sql/sql.ts';
import { readByFunction } from './read-by-function.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

export const answerAnew = (subject: Subject, plan: AddPlan): readonly Statement[] => [
  {
    label: 'the answer as the sources have it',
    sql: sql`CREATE VIEW ${subject.names.answer.sql} AS\n${coreNow(plan)}`,
  },
  ...answeredFunction(subject),
];

/** Its body names the view. */
export const answeredFunction = (subject: Subject): readonly Statement[] =>
  readByFunction(subject, {
    label: 'the same as a function, for reads while too much or a reset is pending',
    view: subject.names.answer.sql,
    name: subject.names.answered.sql,
    isUnlocked: true,
    isArm: true,
  });

/** The columns of the core by the names and in the types in which they are stored, once each. */
function coreNow({ core, store }: AddPlan): Sql {
  const { shape, now } = faceOf(core, null);
  const columns = new Map<string, Sql>();
  for (const { id } of columnsOf(core)) {
    const name = store.columns.get(id);
    if (name === undefined || columns.has(name)) continue;
    const [value, type] = [columnOf(shape, id), storedType(store, name)];
    const typed = type === undefined ? value : sql`(${value})::${fragment(type)}`;
    columns.set(name, sql`${typed} AS ${ident(name)}`);
  }
  return sql`SELECT
  ${lines([...columns.values()])}
${fromWhere(now)}`;
}
