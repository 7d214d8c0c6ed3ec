/**
 * One-row inserts and updates, spread over all groups. The disk is left out, so that the cost of
 * capture shows.
 */
import type { Measure } from '../measure.ts';
import { atLeast } from '../result.ts';
import type { Scale } from '../scale.ts';
import { runWriteRace } from './write-race.ts';

const BAR = atLeast(0.6);

export const insertScript = (groups: number): string => `\\set product random(1, ${groups})
INSERT INTO public.sales (product, region, amount) VALUES (:product, 'north', 12.34);
`;

export const updateScript = ({ rows }: Scale): string => `\\set id random(1, ${rows})
\\set cents random(100, 99999)
UPDATE public.sales SET amount = :cents / 100.0 WHERE id = :id;
`;

const otherColumnScript = ({ rows }: Scale): string => `\\set id random(1, ${rows})
UPDATE public.sales SET region = 'moved' WHERE id = :id;
`;

export const writes: Measure = {
  name: 'writes',
  title: '1-row inserts and updates',
  run: async (bench) => {
    const { scale } = bench;
    for (const clients of [1, 8]) {
      const script = { clients, durable: false };
      const by = clients === 1 ? '1 client' : `${clients} clients`;
      await runWriteRace(bench, {
        name: `1-row inserts, ${by}`,
        script: { ...script, script: insertScript(scale.groups) },
        bar: BAR,
      });
      await runWriteRace(bench, {
        name: `1-row updates, ${by}`,
        script: { ...script, script: updateScript(scale) },
        bar: BAR,
      });
    }
    const others = { clients: 8, durable: false, script: otherColumnScript(scale) };
    await runWriteRace(bench, {
      name: '1-row updates of another column, 8 clients',
      script: others,
      bar: BAR,
    });
  },
};
