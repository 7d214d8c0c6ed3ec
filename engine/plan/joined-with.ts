/** Which tables are joined with each other where changes are added up. */
import { nodesOf, scansOf } from '../algebra/node.ts';
import type { Plan } from './plan.ts';
import { allStores } from './plan.ts';

/** By OID of a table, the numbers of the joins that it is in. */
export function joinsOf(plan: Plan | null): ReadonlyMap<number, ReadonlySet<number>> {
  const found = new Map<number, Set<number>>();
  const cores = plan === null ? [] : allStores(plan).filter((store) => store.rule === 'add');
  const joins = cores
    .flatMap(({ core }) => nodesOf(core.input))
    .filter((node) => node.op === 'join');
  joins.forEach((join, number) => {
    for (const { source } of scansOf(join)) {
      const own = found.get(source.oid) ?? new Set();
      found.set(source.oid, own.add(number));
    }
  });
  return found;
}

/** By OID of a table, the OIDs of the others that it is joined with. */
export function joinedWith(plan: Plan | null): ReadonlyMap<number, readonly number[]> {
  const all = [...joinsOf(plan)];
  const shares = (one: ReadonlySet<number>, other: ReadonlySet<number>): boolean =>
    [...one].some((number) => other.has(number));
  return new Map(
    all.map(([oid, joins]) => [
      oid,
      all.flatMap(([other, its]) => (other !== oid && shares(joins, its) ? [other] : [])),
    ]),
  );
}
