/** Imats of the crowd whose touched keys are computed again, or that have several stores. */
import type { Checked } from './world.ts';

export const READ_OVER_STORES: readonly Checked[] = [
  {
    name: 'regrouped',
    definition: `SELECT c.region, max(p.amount) AS top, count(DISTINCT p.kind) AS kinds
      FROM public.customer c LEFT JOIN public.purchase p ON p.customer_id = c.id
      GROUP BY c.region`,
  },
  {
    name: 'shares',
    definition: `SELECT kind, sum(amount) AS total, sum(amount) / (
        SELECT max(amount) FROM public.purchase WHERE amount > 0
      ) AS share
      FROM public.purchase GROUP BY kind`,
  },
];
