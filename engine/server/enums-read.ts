/** The enums whose labels or values a definition reads. */
import type { FunctionRow } from './function-rows.ts';
import { LISTS_ENUM, PRINTS_ARGUMENTS, PRINTS_JSON } from './stable-functions.ts';
import { typeOf } from './stored-tree.ts';
import type { Findings } from './tree-findings.ts';
import { rowItems } from './tree-findings.ts';
import type { TypeOutput } from './type-output.ts';
import { RECORD } from './type-output.ts';

/** The enums of what is printed, or read from text; by a function of a user they may be. */
export function enumsRead(
  { uses, conversions }: Findings,
  functions: ReadonlyMap<number, FunctionRow>,
  outputs: ReadonlyMap<number, TypeOutput>,
  proved: ReadonlySet<number>,
): readonly string[] {
  const printing = uses.filter(({ oid }) => {
    const row = functions.get(oid);
    if (row?.schema !== 'pg_catalog') return row !== undefined && !proved.has(oid);
    return PRINTS_ARGUMENTS.has(row.name) || PRINTS_JSON.has(row.name);
  });
  const nodes = [
    ...printing.flatMap(({ args }) => args),
    ...conversions.flatMap(({ from }) => from ?? []),
  ];
  const types = [
    ...nodes.flatMap(rowItems).map((node) => typeOf(node) ?? RECORD),
    ...printing.flatMap(({ argumentTypes }) => argumentTypes),
    ...conversions.map(({ to }) => to),
  ];
  return [...new Set(types.flatMap((type) => outputs.get(type)?.enums ?? []))].sort();
}

export const listsEnum = (row: FunctionRow | undefined): boolean =>
  row?.schema === 'pg_catalog' && LISTS_ENUM.has(row.name);

/** The enums whose values are listed: they are kept beside what is stored, as labels are. */
export function enumsListed(
  { uses }: Findings,
  functions: ReadonlyMap<number, FunctionRow>,
  outputs: ReadonlyMap<number, TypeOutput>,
): readonly string[] {
  const listed = uses.filter(({ oid }) => listsEnum(functions.get(oid)));
  const types = listed.flatMap(({ args: [first] }) => (first && typeOf(first)) ?? []);
  return [...new Set(types.flatMap((type) => outputs.get(type)?.enums ?? []))].sort();
}
