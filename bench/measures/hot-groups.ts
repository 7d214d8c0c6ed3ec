/**
 * Many clients in ten groups, on a durable disk: where writers that touch group rows wait for each
 * other, or deadlock.
 */
import type { Measure } from '../measure.ts';
import { atLeast } from '../result.ts';
import { insertScript } from './writes.ts';
import { runWriteRace } from './write-race.ts';

const GROUPS = 10;
const INSERTS_A_TRANSACTION = 5;

function transactionScript(): string {
  const numbers = Array.from({ length: INSERTS_A_TRANSACTION }, (_, index) => index + 1);
  return [
    ...numbers.map((number) => `\\set product${number} random(1, ${GROUPS})`),
    'BEGIN;',
    ...numbers.map(
      (number) =>
        'INSERT INTO public.sales (product, region, amount) VALUES ' +
        `(:product${number}, 'north', 12.34);`,
    ),
    'COMMIT;',
    '',
  ].join('\n');
}

export const hotGroups: Measure = {
  name: 'hot-groups',
  title: '10 hot groups, fsync on',
  run: async (bench) => {
    await runWriteRace(bench, {
      name: '1-row inserts, 10 groups, 32 clients, fsync',
      script: { script: insertScript(GROUPS), clients: 32, durable: true },
      bar: atLeast(0.75),
    });
    await runWriteRace(bench, {
      name: '5 inserts a transaction, 10 groups, 16 clients, fsync',
      script: { script: transactionScript(), clients: 16, durable: true },
      bar: atLeast(0.65),
    });
  },
};
