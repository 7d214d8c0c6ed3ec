/** With which tables a changed row is joined where changes are added up. */
import { nodesOf, scansOf } from '../algebra/node.ts';
import type { Plan } from './plan.ts';
import { allStores } from './plan.ts';

/** By OID of a table, the OIDs of the others. */
export function joinedWith(plan: Plan | null): ReadonlyMap<number, ReadonlySet<number>> {
  const found = new Map<number, Set<number>>();
  const cores = plan === null ? [] : allStores(plan).filter((store) => store.rule === 'add');
  for (const node of cores.flatMap(({ core }) => nodesOf(core.input))) {
    const joined = node.op === 'join' ? scansOf(node).map(({ source }) => source.oid) : [];
    for (const oid of joined) {
      const others = found.get(oid) ?? new Set();
      for (const other of joined) if (other !== oid) others.add(other);
      found.set(oid, others);
    }
  }
  return found;
}
