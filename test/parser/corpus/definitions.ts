/** The whole corpus: definitions as people write them, by theme. */
import type { Definition } from './definition.ts';
import { expressions } from './expressions.ts';
import { grouping } from './grouping.ts';
import { joins } from './joins.ts';
import { names } from './names.ts';
import { reports } from './reports.ts';
import { wholeGrammar } from './whole-grammar.ts';

export const DEFINITIONS: readonly Definition[] = [
  ...grouping,
  ...reports,
  ...joins,
  ...expressions,
  ...names,
  ...wholeGrammar,
];
