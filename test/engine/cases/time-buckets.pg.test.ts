/**
 * Counts by day, week, month or quarter of an hour, as dashboards ask for them, read in several
 * time zones and across changes of the clock.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, expectExact, type World } from '../commands/support/world.ts';

const EVENTS = `
CREATE TABLE ev (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL,
  day_local timestamp, v int);
INSERT INTO ev (at, day_local, v)
  SELECT timestamptz '2025-03-29 20:00+00' + i * interval '17 minutes',
    timestamp '2025-03-29 20:00' + i * interval '17 minutes', i
  FROM generate_series(1, 3000) AS i;`;

/** By strategy: what depends on the session's time zone cannot be stored once for all. */
const BUCKETS: Readonly<Record<'delta' | 'swap' | 'either', readonly string[]>> = {
  swap: [
    `SELECT extract(epoch FROM at)::bigint / 3600 AS h, count(*) AS n FROM public.ev GROUP BY 1`,
    `SELECT date_trunc('day', at) AS d, count(*) AS n, sum(v) AS s FROM public.ev GROUP BY 1`,
    'SELECT at::date AS d, count(*) AS n FROM public.ev GROUP BY 1',
    `SELECT extract(year FROM at) AS y, extract(month FROM at) AS m, count(*) AS n
      FROM public.ev GROUP BY 1, 2`,
    `SELECT to_char(at, 'YYYY-MM') AS ym, count(*) AS n FROM public.ev GROUP BY 1`,
    `SELECT to_char(day_local, 'YYYY-MM') AS ym, count(*) AS n FROM public.ev GROUP BY 1`,
    `SELECT count(*) AS n, avg(extract(epoch FROM (at - '2025-01-01'::timestamptz))) AS mean
      FROM public.ev WHERE at < '2025-04-01 00:00+00'::timestamptz + interval '10 days'`,
  ],
  delta: [
    `SELECT (at AT TIME ZONE 'Europe/Berlin')::date AS d, count(*) AS n FROM public.ev GROUP BY 1`,
    `SELECT date_trunc('month', at AT TIME ZONE 'UTC') AS d, count(*) AS n
      FROM public.ev GROUP BY 1`,
    `SELECT date_bin('15 minutes', at, timestamptz '2001-01-01 00:00+00') AS d, count(*) AS n
      FROM public.ev GROUP BY 1`,
    `SELECT date_trunc('week', day_local) AS w, count(*) AS n FROM public.ev GROUP BY 1`,
    `SELECT count(*) AS n FROM public.ev WHERE at >= '2025-04-01 00:00+00'`,
  ],
  // Declared IMMUTABLE from some version of PostgreSQL on.
  either: [
    `SELECT date_trunc('day', at, 'Europe/Berlin') AS d, count(*) AS n FROM public.ev GROUP BY 1`,
  ],
};
const IMATS = Object.entries(BUCKETS).flatMap(([strategy, definitions]) =>
  definitions.map((definition, index) => ({ name: `${strategy}_${index}`, strategy, definition })),
);

let world: World;
beforeAll(async () => {
  world = await createWorld(EVENTS);
});
afterAll(() => world.drop());

/** A view reads literals in its creator's time zone, once for all. So does a definition. */
const viewOf = (name: string): string => `public.view_${name}`;
const CHECKED = IMATS.map(({ name }) => ({ name, definition: `SELECT * FROM ${viewOf(name)}` }));

const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns'];

async function expectExactInAllZones(): Promise<void> {
  for (const zone of ZONES) {
    const reader = await world.session();
    await reader.sql(`SET TimeZone = '${zone}'`);
    await expectExact(reader, CHECKED, zone);
    await reader.db.close();
  }
}

test('each is maintained as it can be, and exact in every time zone', async () => {
  for (const { name, definition, strategy } of IMATS) {
    const created = await world.imat.create(name, definition);
    await world.sql(`CREATE VIEW ${viewOf(name)} AS ${definition}`);
    if (strategy !== 'either') expect(created.strategy, definition).toBe(strategy);
  }
  await expectExactInAllZones();
  await world.sql(`INSERT INTO ev (at, day_local, v)
      SELECT timestamptz '2025-10-25 20:00+00' + i * interval '13 minutes',
        timestamp '2025-10-25 20:00' + i * interval '13 minutes', i
      FROM generate_series(1, 900) AS i;
    DELETE FROM ev WHERE id % 7 = 0`);
  await expectExactInAllZones();
  await world.imat.fold();
  await expectExactInAllZones();
});
