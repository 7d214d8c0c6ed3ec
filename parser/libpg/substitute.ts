/** Puts other relations in the place of those that a query names. */
import type { RangeVar } from 'libpg-query';
import { quoteIdent } from '../quote.ts';
import { loadGrammar } from './load.ts';

/**
 * `replace` gives what stands for a relation in FROM, or null. A relation without an alias is
 * called by its name afterwards, too. Names without a schema (CTEs) stay.
 * @throws on a text that PostgreSQL's grammar does not accept
 */
export async function substituteRelations(
  text: string,
  replace: (schema: string, name: string) => string | null,
): Promise<string> {
  const grammar = await loadGrammar();
  const { tokens } = grammar.scanSync(text);
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  let done = 0;
  let result = '';
  for (const range of rangesIn(grammar.parseSync(text))) {
    const { schemaname, relname = '', location = 0 } = range;
    const other = schemaname === undefined ? null : replace(schemaname, relname);
    const first = tokens.findIndex((token) => token.start === location);
    // schema.name
    const last = tokens[first + 2];
    if (other === null || last === undefined) continue;
    const alias = range.alias === undefined ? ` AS ${quoteIdent(relname)}` : '';
    result += `${decoder.decode(bytes.slice(done, location))}${other}${alias}`;
    done = last.end;
  }
  return `${result}${decoder.decode(bytes.slice(done))}`;
}

/** In order of place. */
function rangesIn(tree: object): RangeVar[] {
  const found: RangeVar[] = [];
  const open: object[] = [tree];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const [key, value] of Object.entries(node)) {
      if (typeof value !== 'object' || value === null) continue;
      if (key === 'RangeVar') found.push(value as RangeVar);
      open.push(value);
    }
  }
  return found.toSorted((a, b) => (a.location ?? 0) - (b.location ?? 0));
}
