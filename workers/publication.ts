/**
 * Which imats are published together, and in which order. An imat that reads stored (not live)
 * imats is published together with them at one snapshot, so that it never mixes two snapshots if it
 * reads a source on two paths. Live imats are exact at every snapshot, so they are not published
 * together.
 */
export type Dependency = {
  readonly imat: number;
  readonly reads: number;
  readonly stored: boolean;
};

/** The stored imats that `imat` reads at any depth, in topological order, without `imat` itself. */
export function inputsOf(imat: number, dependencies: readonly Dependency[]): number[] {
  const ordered: number[] = [];
  const visit = (id: number): void => {
    for (const { reads } of dependencies
      .filter((one) => one.imat === id && one.stored)
      .sort((a, b) => a.reads - b.reads)) {
      if (ordered.includes(reads) || reads === imat) continue;
      visit(reads);
      if (!ordered.includes(reads)) ordered.push(reads);
    }
  };
  visit(imat);
  return ordered;
}

/** Imats in topological order: an imat comes after those that it reads, and otherwise by id. */
export function inTopologicalOrder(
  imats: readonly number[],
  dependencies: readonly Dependency[],
): number[] {
  const depths = new Map<number, number>();
  const depthOf = (id: number, above: readonly number[]): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const below = dependencies.filter((one) => one.imat === id && !above.includes(one.reads));
    const depth = Math.max(-1, ...below.map((one) => depthOf(one.reads, [...above, id]))) + 1;
    depths.set(id, depth);
    return depth;
  };
  return [...imats].sort((a, b) => depthOf(a, []) - depthOf(b, []) || a - b);
}
