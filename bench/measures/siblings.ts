/**
 * A second and a third imat on the same source: they share its change log, so writers should not
 * notice.
 */
import { createImat } from '../../engine/index.ts';
import type { Measure } from '../measure.ts';
import { atLeast, ratioResult } from '../result.ts';
import { race } from '../throughput.ts';
import { insertScript } from './writes.ts';

/** "Nothing", give or take what the machine's noise leaves of a median. */
const BAR = atLeast(0.95);

const SIBLINGS = {
  sales_total: 'SELECT count(*) AS sales, sum(amount) AS revenue FROM public.sales',
  sales_large: `SELECT product, count(*) AS sales, stddev(amount) AS spread
     FROM public.sales
     WHERE amount > 500
     GROUP BY product`,
};

export const siblings: Measure = {
  name: 'siblings',
  title: 'three imats on one source',
  run: async (bench) => {
    await bench.databases.withCopies({ one: 'imat', three: 'imat' }, async (copies) => {
      const imat = createImat(copies.three.db);
      for (const [name, query] of Object.entries(SIBLINGS)) await imat.create(name, query);
      await copies.three.db.execute('VACUUM (ANALYZE)');
      const script = { script: insertScript(bench.scale.groups), clients: 8, durable: false };
      const { transactionsPerSecond } = await race(bench, copies, script);
      bench.report(
        ratioResult({
          name: '1-row inserts, 8 clients, three imats',
          unit: 'tps',
          baseline: { label: 'one imat', values: transactionsPerSecond.one },
          imat: { label: 'three imats', values: transactionsPerSecond.three },
          bar: BAR,
        }),
      );
    });
  },
};
