/** How the rows of a definition are computed again by a key, once types are known. */
import type { SourceFacts } from '../algebra/facts.ts';
import type { KeyPlan } from './choose-key.ts';

export type RegroupPlan = Omit<KeyPlan, 'place'> & {
  readonly rule: 'regroup';
  /** The stored column that is the key, one of the definition's or one more. */
  readonly key: {
    readonly name: string;
    /** As `format_type` prints it, domains resolved. */
    readonly type: string;
    /** The key as the definition says it, for people. */
    readonly label: string;
  };
  /** The columns of the definition. */
  readonly columns: readonly string[];
  /** By OID. */
  readonly sources: ReadonlyMap<number, SourceFacts>;
};
