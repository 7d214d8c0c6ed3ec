/** Random definitions are what they are meant to be: most are maintained, and some only swapped. */
import { expect, inject, test } from 'vitest';
import { connect } from '../../engine/index.ts';
import { randomDefinitions } from '../../torture/definitions.ts';
import { prepareDatabase, withDatabase } from '../../torture/replay.ts';
import { randomSchema } from '../../torture/schema.ts';
import { chanceOf } from '../../tools/chance.ts';

test('only recursion is swapped', async () => {
  const chance = chanceOf(7);
  const schema = randomSchema(chance);
  const definitions = randomDefinitions(chance, schema, 60);
  const swapped: string[] = [];
  await withDatabase(inject('postgresUrl'), 'torture_definitions', async (url) => {
    await prepareDatabase(url, { setup: schema.statements, definitions: [] });
    const imat = await connect(url);
    for (const { before, query } of definitions) {
      if (before.length > 0) continue;
      const { strategy } = await imat.explain(query, { query: true });
      if (strategy === 'swap') swapped.push(query);
    }
    await imat.close();
  });
  expect(swapped).not.toEqual([]);
  expect(swapped.filter((query) => !query.startsWith('WITH RECURSIVE'))).toEqual([]);
});
