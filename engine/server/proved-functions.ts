/**
 * Which functions are proved to depend on their arguments alone by their bodies (body-trees.ts):
 * what these compute must depend on nothing else, and the functions that they call neither. Those
 * that depend on settings of the session as well are like PostgreSQL's own that do. Those that read
 * the time of the transaction, and settings beside it, are another kind: they are right where they
 * are computed by whoever reads.
 */
import type { Db } from '../db/db.ts';
import { readBodies } from './body-trees.ts';
import type { FunctionFacts, FunctionUse } from './function-facts.ts';
import type { TreeNode } from './stored-tree.ts';
import { FIRST_NORMAL_OID } from './type-output.ts';

type Declared = {
  readonly oid: number;
  readonly schema: string;
  readonly kind: string;
  readonly volatility: string;
};

/** What the bodies of proved functions add to what is known of whatever calls them. */
type InBodies = Pick<FunctionFacts, 'enums' | 'untrusted' | 'isParallelUnsafe' | 'calledInBodies'>;

export type ProvedByBodies = {
  readonly proved: ReadonlySet<number>;
  /** Those that depend on settings as well, and on no time. */
  readonly bySettings: ReadonlySet<number>;
  /** Those that depend on the time as well (`FunctionUse.isOfReader`). */
  readonly readTime: ReadonlySet<number>;
  /** Why the others are not, to be said after "its body". */
  readonly refused: ReadonlyMap<number, string>;
  readonly facts: InBodies;
};

/** Who writes more functions upon functions declares them. */
const DEEPEST = 8;

/** `within`: the functions in whose bodies these are called; `factsOf` is that of functions.ts. */
export async function provedByBodies(
  db: Db,
  functions: readonly Declared[],
  within: readonly number[],
  factsOf: (trees: readonly TreeNode[], within: readonly number[]) => Promise<FunctionFacts>,
): Promise<ProvedByBodies> {
  const asked = functions
    .filter(
      ({ oid, schema, kind, volatility }) =>
        volatility !== 'i' && kind === 'f' && oid >= FIRST_NORMAL_OID && schema !== 'pg_catalog',
    )
    .map(({ oid }) => oid);
  const proved = new Set<number>();
  const bySettings = new Set<number>();
  const readTime = new Set<number>();
  const refused = new Map<number, string>();
  const facts: InBodies[] = [];
  for (const oid of asked) {
    if (within.includes(oid)) refused.set(oid, 'calls the function itself');
    else if (within.length >= DEEPEST) refused.set(oid, 'is called by too many others');
  }
  const bodies = await readBodies(
    db,
    asked.filter((oid) => !refused.has(oid)),
  );
  for (const [oid, body] of bodies) {
    if ('refusal' in body) {
      refused.set(oid, body.refusal);
      continue;
    }
    const found = await factsOf(body.trees, [...within, oid]);
    const use = found.unstable.find(({ isOfReader }) => isOfReader !== true);
    if (use !== undefined) {
      refused.set(oid, said(use));
      continue;
    }
    const isOfTime = found.unstable.some(({ dependence }) => dependence === 'moment');
    if (found.unstable.length === 0) proved.add(oid);
    else (isOfTime ? readTime : bySettings).add(oid);
    facts.push({ ...found, enums: [...found.enums, ...body.enums] });
  }
  return { proved, bySettings, readTime, refused, facts: together(facts) };
}

function said(use: FunctionUse): string {
  const { name, operator, dependence, reads, otherwiseWith, body } = use;
  if (reads !== undefined && reads !== null) return `calls ${name}, which reads ${reads}`;
  if (otherwiseWith !== undefined)
    return `calls ${name}, whose body has names that schema "${otherwiseWith}" has as well`;
  if (body !== undefined && body !== null) return `calls ${name}, whose body ${body}`;
  const what = operator === null ? name : operator.signature;
  return dependence === 'settings' ? `depends on session settings (${what})` : `uses ${what}`;
}

const together = (facts: readonly InBodies[]): InBodies => ({
  enums: facts.flatMap((one) => one.enums),
  untrusted: facts.flatMap((one) => one.untrusted),
  isParallelUnsafe: facts.some((one) => one.isParallelUnsafe),
  calledInBodies: facts.flatMap((one) => one.calledInBodies),
});
