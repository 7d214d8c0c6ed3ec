/** Queries of every kind that delta maintains, each through the whole history of the shop. */
import { describe, test } from 'vitest';
import { useBench } from './support/bench.ts';
import { QUERIES } from './support/queries.ts';
import { HISTORY, RESET, SHOP } from './support/shop.ts';

const bench = useBench(SHOP);

for (const [theme, queries] of Object.entries(QUERIES)) {
  describe(theme, () => {
    for (const query of queries) {
      test(query, async () => {
        await bench.user.execute(RESET);
        await bench.convert(query, { ambiguous: /p\.\*/.test(query) ? ['price'] : [] });
        await bench.run(HISTORY);
      });
    }
  });
}
