/** What the parts of the adapter share while they read one definition. */
import type { Expr as Ast, NodeLocation } from 'pgsql-ast-parser';
import type { Expr, Literal, Span } from '../tree.ts';

export type Reading = {
  readonly text: string;
  readonly expr: (node: Ast) => Expr;
  /** Gives a stand-in for what this reader does not read; the tree is then thrown away. */
  readonly giveUp: (span: Span | null) => Literal;
  readonly gaveUp: boolean;
};

export type Located = { readonly _location?: NodeLocation };

export function startReading(text: string, adapt: (reading: Reading, node: Ast) => Expr): Reading {
  const reading = {
    text,
    gaveUp: false,
    expr: (node: Ast): Expr => adapt(reading, node),
    giveUp: (span: Span | null): Literal => {
      reading.gaveUp = true;
      return { kind: 'literal', sql: 'NULL', span };
    },
  };
  return reading;
}

export function spanOf(node: Located): Span | null {
  return node._location ? { start: node._location.start, end: node._location.end } : null;
}

/** The text of a node as the definition spells it. */
export function spelled({ text }: Reading, node: Located): string {
  return text.slice(node._location?.start ?? 0, node._location?.end ?? 0);
}

/** A name; this grammar leaves quotes within a name doubled. */
export function nameOf(reading: Reading, { name }: { readonly name: string }): string {
  if (name.includes('"')) reading.giveUp(null);
  return name;
}
