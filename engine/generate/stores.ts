/** The stores of an imat, each as what its statements are made from. */
import { deparse } from '../../parser/deparse-query.ts';
import { mapRelations } from '../algebra/query-rewrites/relations.ts';
import type { Plan, Residual, StorePlan } from '../plan/plan.ts';
import { storeNumber } from '../plan/plan.ts';
import type { ImatNames, StoreNames } from '../sql/names.ts';
import { storeNames, STORE_SCHEMA } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment } from '../sql/sql.ts';
import type { Subject } from './subject.ts';

export type StoreSubject = Subject & {
  /** The table that the frontier names: that of the first store. */
  readonly frontierTable: Sql;
};

export type StoreOf = { readonly subject: StoreSubject; readonly plan: StorePlan };

/** The names of each store. */
export const namesOfStores = (names: ImatNames, count: number): readonly StoreNames[] =>
  count === 1
    ? [names]
    : Array.from({ length: count }, (_, index) => storeNames(names.base, index + 1));

export function storesOf(subject: Subject, plan: Plan): readonly StoreOf[] {
  const all = namesOfStores(subject.names, plan.stores.length);
  return plan.stores.flatMap((store, index) => {
    const [own, first] = [all[index], all[0]];
    if (own === undefined || first === undefined) return [];
    const names = { ...subject.names, ...own };
    return [{ subject: { ...subject, names, frontierTable: first.state.sql }, plan: store }];
  });
}

/** The residual over the views of the stores. */
export function residualQuery(subject: Subject, plan: Plan, { query }: Residual): Sql {
  const all = namesOfStores(subject.names, plan.stores.length);
  const named = mapRelations(query, (relation) => {
    if (relation.kind !== 'table') return relation;
    const name = all[storeNumber(relation) - 1]?.live.name;
    if (name === undefined) throw new Error(`no store ${storeNumber(relation)}`);
    return { ...relation, schema: STORE_SCHEMA, name };
  });
  return fragment(deparse(named));
}
