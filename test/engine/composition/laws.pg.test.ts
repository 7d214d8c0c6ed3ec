/**
 * What is stored and what is pending give what the definition of a store gives now, at every level
 * and with pending rows cancelled or not: the slow twin of every change is the store computed anew.
 */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { runComparison } from '../correctness/support/oracle.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';
import { DISTINCT_SHAPES, GROUP_SHAPES, TABLES, groupsOfFour } from './support/shapes.ts';

const bench = useBench(TABLES);

type Installed = { readonly keys: readonly string[]; readonly parts: readonly string[] };

const names = (text: string): readonly string[] => JSON.parse(text) as string[];

/**
 * The columns of a stored table by which it has one row, and those that are added to; extremes are
 * merged.
 */
async function columnsOf(state: string): Promise<Installed> {
  const [row] = await bench.user.query<{ keys: string; parts: string }>(
    `SELECT k.names::text AS keys, (
       SELECT coalesce(json_agg(quote_ident(a.attname) ORDER BY a.attnum), '[]')::text
       FROM pg_attribute a
       WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND a.attgenerated = ''
         AND a.attnum <> ALL (i.indkey::int2[]) AND a.attname !~ '^(min|max)_'
     ) AS parts
     FROM pg_index i, LATERAL (
       SELECT json_agg(quote_ident(a.attname) ORDER BY a.attnum) AS names FROM pg_attribute a
       WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
     ) k
     WHERE i.indrelid = $1::regclass AND i.indisunique`,
    [state],
  );
  return { keys: names(row?.keys ?? '[]'), parts: names(row?.parts ?? '[]') };
}

/** Rows that only one of the two ways gives; zeros at the end of a number are no difference. */
function differencesSql(of: (kind: string) => string, change: string, { keys, parts }: Installed) {
  const sums = parts.map((name) => `trim_scale(sum(u.${name})::numeric)`);
  const summed = (rows: string): string => `SELECT ${[...keys, ...sums].join(', ')}
    FROM (${rows}) u GROUP BY ${keys.join(', ')} HAVING sum(u.rows) <> 0`;
  const list = [...keys, ...parts].join(', ');
  const added = summed(
    `SELECT ${list} FROM ${of('state')} UNION ALL SELECT ${list} FROM ${change}`,
  );
  const anew = summed(`SELECT ${list} FROM ${of('content')}`);
  return `(${added}) EXCEPT ALL (${anew}) UNION ALL ((${anew}) EXCEPT ALL (${added}))`;
}

describe('stored and pending rows are the rows computed anew', () => {
  test.each(groupsOfFour([...DISTINCT_SHAPES, ...GROUP_SHAPES]))('$title', async (shapes) => {
    await bench.user.execute(RESET);
    const checks: string[] = [];
    for (const [, definition, below] of shapes.own) {
      const { name } = await bench.convert(definition);
      for (let number = 1; number <= below + 1; number++) {
        const of = (kind: string): string => `imat_store.${kind}${number}_${name}`;
        const columns = await columnsOf(of('state'));
        for (const change of [of('delta'), of('netted')]) {
          const [found] = await bench.user.query<{ there: boolean }>(
            'SELECT to_regclass($1) IS NOT NULL AS there',
            [change],
          );
          if (found?.there === true) checks.push(differencesSql(of, change, columns));
        }
      }
    }
    expect(checks.length).toBeGreaterThan(shapes.own.length);
    // A log does not have a truncation as rows, so these delete.
    const history = randomHistory(randomFor(shapes.title), WRITABLE_SHOP, 30).map((step) =>
      step.replace(/^TRUNCATE/, 'DELETE FROM'),
    );
    for (const step of history) {
      if (step === FOLD) await bench.fold();
      else await bench.user.execute(step);
      for (const check of checks) expect(await runComparison(bench.user, check), step).toEqual([]);
    }
  });
});
