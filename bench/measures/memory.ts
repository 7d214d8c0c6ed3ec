/**
 * The memory of the Node process that converts: a process of its own for each size, whose largest
 * resident set is compared.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSales, createView, VIEW } from '../dataset.ts';
import type { Measure } from '../measure.ts';
import { atMost, ratioResult } from '../result.ts';
import { interleave } from '../statistics.ts';

const SMALL_ROWS = 100_000;
const FACTOR = 10;
/** Groups grow with the rows, so that reading the state into memory would show. */
const ROWS_A_GROUP = 10;
const BYTES_A_MEGABYTE = 1e6;

const CHILD = fileURLToPath(new URL('../convert-child.js', import.meta.url));

export const memory: Measure = {
  name: 'memory',
  title: 'memory of the Node process',
  run: async (bench) => {
    const smallRows = Math.min(SMALL_ROWS, bench.scale.rows / FACTOR);
    await bench.databases.withCopies(
      { small: 'empty', large: 'empty' },
      async ({ small, large }) => {
        const sizes = [
          { database: small, rows: smallRows },
          { database: large, rows: smallRows * FACTOR },
        ];
        for (const { database, rows } of sizes) {
          await createSales(database.db, rows, rows / ROWS_A_GROUP);
          await createView(database.db);
        }
        const run = (url: string) => async (): Promise<number> => {
          const { stdout } = await promisify(execFile)(process.execPath, [
            CHILD,
            url,
            `public.${VIEW}`,
          ]);
          return Number(stdout) / BYTES_A_MEGABYTE;
        };
        const sizesOf = await interleave(bench.scale.rounds, {
          small: run(small.url),
          large: run(large.url),
        });
        bench.report(
          ratioResult({
            name: `convert, ${smallRows} and ${smallRows * FACTOR} rows`,
            unit: 'MB',
            baseline: { label: `${smallRows} rows`, values: sizesOf.small },
            imat: { label: `${smallRows * FACTOR} rows`, values: sizesOf.large },
            bar: atMost(1.1),
          }),
        );
      },
    );
  },
};
