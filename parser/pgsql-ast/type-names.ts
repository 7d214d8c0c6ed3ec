/**
 * The type of a cast. pgsql-ast-parser confuses some types (`time(3)` is a timestamp there), so a
 * type is read only where its name is the one that the definition spells.
 */
import type { DataTypeDef, ExprCast } from 'pgsql-ast-parser';
import { quoteIdent } from '../quote.ts';
import type { Reading } from './reading.ts';
import { spelled } from './reading.ts';

/**
 * As PostgreSQL prints it, e.g. `timestamp(3) without time zone`; null for a type that this reader
 * does not read.
 */
export function typeOfCast(reading: Reading, node: ExprCast): string | null {
  const text = spelled(reading, node);
  return printed(node.to, text.slice(text.lastIndexOf('::') + 2));
}

function printed(type: DataTypeDef, text: string): string | null {
  if (type.kind === 'array') {
    const element = printed(type.arrayOf, text.replace(/\s*(\[\])+$/, ''));
    return element && `${element}[]`;
  }
  const { name, schema, config = [] } = type;
  const modifier = config.length === 0 ? '' : `(${config.join(',')})`;
  if (schema !== undefined || type.doubleQuoted === true)
    return name.includes('"')
      ? null
      : `${schema === undefined ? '' : `${quoteIdent(schema)}.`}${quoteIdent(name)}${modifier}`;
  // A modifier stands behind the first word of the types of time, else at the end, where the place
  // leaves out its bracket.
  const plain = text
    .replace(/\([\d,\s]*\)?/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (plain !== name || !/^[a-z_][a-z0-9_ ]*$/.test(name)) return null;
  const [first = '', ...others] = name.split(' ');
  return first.startsWith('time') && others.length > 0
    ? `${first}${modifier} ${others.join(' ')}`
    : `${name}${modifier}`;
}
