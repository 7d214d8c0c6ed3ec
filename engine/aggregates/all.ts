import { booleanRule } from './boolean.ts';
import { countRule } from './count.ts';
import { extremeRule } from './extreme.ts';
import { regressionRule } from './regression.ts';
import type { AggregateRule } from './rule.ts';
import { avgRule, sumRule } from './sum.ts';
import { varianceRule } from './variance.ts';

const RULES: readonly AggregateRule[] = [
  countRule,
  sumRule,
  avgRule,
  varianceRule,
  regressionRule,
  booleanRule,
  extremeRule,
];

const BY_NAME: ReadonlyMap<string, AggregateRule> = new Map(
  RULES.flatMap((rule) => rule.names.map((name) => [name, rule] as const)),
);

/** The rule for one of PostgreSQL's own aggregates; undefined where imat does not maintain it. */
export const ruleFor = (name: string): AggregateRule | undefined => BY_NAME.get(name);
