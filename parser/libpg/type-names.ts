/** Type names as PostgreSQL prints them, from the names by which its grammar knows them. */
import type { Node, TypeName } from 'libpg-query';
import { quoteIdent } from '../quote.ts';
import { strings } from './reading.ts';

/** The grammar's own names, before and behind the modifier: `timestamp(3) without time zone`. */
const SPELLED: ReadonlyMap<string, readonly [before: string, behind: string]> = new Map([
  ['int2', ['smallint', '']],
  ['int4', ['integer', '']],
  ['int8', ['bigint', '']],
  ['float4', ['real', '']],
  ['float8', ['double precision', '']],
  ['bool', ['boolean', '']],
  ['numeric', ['numeric', '']],
  ['bpchar', ['character', '']],
  ['varchar', ['character varying', '']],
  ['bit', ['bit', '']],
  ['varbit', ['bit varying', '']],
  ['timestamp', ['timestamp', ' without time zone']],
  ['timestamptz', ['timestamp', ' with time zone']],
  ['time', ['time', ' without time zone']],
  ['timetz', ['time', ' with time zone']],
]);

/** Bits of the fields that an interval type names (datetime.h). */
const INTERVAL_FIELDS: ReadonlyMap<number, string> = new Map([
  [0x7fff, ''],
  [4, ' year'],
  [2, ' month'],
  [8, ' day'],
  [1024, ' hour'],
  [2048, ' minute'],
  [4096, ' second'],
  [6, ' year to month'],
  [1032, ' day to hour'],
  [3080, ' day to minute'],
  [7176, ' day to second'],
  [3072, ' hour to minute'],
  [7168, ' hour to second'],
  [6144, ' minute to second'],
]);

/** The type's text; null for what no expression is cast to. */
export function typeText(type: TypeName): string | null {
  const names = strings(type.names);
  const modifiers = (type.typmods ?? []).map(modifierText);
  if (type.setof === true || type.pct_type === true || names.length === 0) return null;
  if (modifiers.includes(null)) return null;
  const element = elementText(names, modifiers.map(String));
  return element === null ? null : `${element}${'[]'.repeat(type.arrayBounds?.length ?? 0)}`;
}

function elementText(names: readonly string[], modifiers: readonly string[]): string | null {
  const [schema, name] = names;
  const modifier = modifiers.length === 0 ? '' : `(${modifiers.join(',')})`;
  if (names.length !== 2 || schema !== 'pg_catalog')
    return `${names.map(quoteIdent).join('.')}${modifier}`;
  if (name === 'interval') return intervalText(modifiers);
  // Without a length it is a type of its own, which has no other spelling.
  if (name === 'bpchar' && modifiers.length === 0) return 'bpchar';
  const spelled = SPELLED.get(name ?? '');
  return spelled === undefined
    ? `${quoteIdent(name ?? '')}${modifier}`
    : `${spelled[0]}${modifier}${spelled[1]}`;
}

function intervalText([fields, precision]: readonly string[]): string | null {
  if (fields === undefined) return 'interval';
  const words = INTERVAL_FIELDS.get(Number(fields));
  return words === undefined
    ? null
    : `interval${words}${precision === undefined ? '' : `(${precision})`}`;
}

function modifierText(node: Node): string | null {
  if ('A_Const' in node && node.A_Const.ival !== undefined)
    return String(node.A_Const.ival.ival ?? 0);
  if ('ColumnRef' in node) return strings(node.ColumnRef.fields).map(quoteModifier).join('.');
  return null;
}

/** A word among the modifiers, as those of PostGIS have: they are printed as they are written. */
const quoteModifier = (name: string): string => (/^\w+$/.test(name) ? name : quoteIdent(name));
