/**
 * What goes together and in which order. An imat that reads stored (not live) imats is published with them at one snapshot,
 * so that a diamond never shows two moments; live imats are exact at every snapshot and need no company.
 */
export type Reading = { readonly imat: number; readonly reads: number; readonly stored: boolean };

/** The stored imats that `imat` reads, at any depth, what is read before what reads it; without `imat` itself. */
export function inputsOf(imat: number, readings: readonly Reading[]): number[] {
  const ordered: number[] = [];
  const visit = (id: number): void => {
    for (const { reads } of readings
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

/** Imats in topological order: what is read comes before what reads it, otherwise by id. */
export function inOrder(imats: readonly number[], readings: readonly Reading[]): number[] {
  const depths = new Map<number, number>();
  const depthOf = (id: number, above: readonly number[]): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const below = readings.filter((one) => one.imat === id && !above.includes(one.reads));
    const depth = Math.max(-1, ...below.map((one) => depthOf(one.reads, [...above, id]))) + 1;
    depths.set(id, depth);
    return depth;
  };
  return [...imats].sort((a, b) => depthOf(a, []) - depthOf(b, []) || a - b);
}
