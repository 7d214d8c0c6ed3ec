/**
 * Counts by day, week, month or quarter of an hour, as dashboards ask for them, read in several
 * time zones and across changes of the clock.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, type World } from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const EVENTS = `
CREATE TABLE ev (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL,
  day_local timestamp, v int);
INSERT INTO ev (at, day_local, v)
  SELECT timestamptz '2025-03-29 20:00+00' + i * interval '17 minutes',
    timestamp '2025-03-29 20:00' + i * interval '17 minutes', i
  FROM generate_series(1, 3000) AS i;`;

/** All are maintained by delta: where the session's time zone counts, that of the conversion. */
const BUCKETS: readonly string[] = [
  `SELECT extract(epoch FROM at)::bigint / 3600 AS h, count(*) AS n FROM public.ev GROUP BY 1`,
  `SELECT date_trunc('day', at) AS d, count(*) AS n, sum(v) AS s FROM public.ev GROUP BY 1`,
  'SELECT at::date AS d, count(*) AS n FROM public.ev GROUP BY 1',
  `SELECT extract(year FROM at) AS y, extract(month FROM at) AS m, count(*) AS n
    FROM public.ev GROUP BY 1, 2`,
  `SELECT to_char(at, 'YYYY-MM') AS ym, count(*) AS n FROM public.ev GROUP BY 1`,
  `SELECT to_char(day_local, 'YYYY-MM') AS ym, count(*) AS n FROM public.ev GROUP BY 1`,
  `SELECT count(*) AS n, avg(extract(epoch FROM (at - '2025-01-01'::timestamptz))) AS mean
    FROM public.ev WHERE at < '2025-04-01 00:00+00'::timestamptz + interval '10 days'`,
  `SELECT (at AT TIME ZONE 'Europe/Berlin')::date AS d, count(*) AS n FROM public.ev GROUP BY 1`,
  `SELECT date_trunc('month', at AT TIME ZONE 'UTC') AS d, count(*) AS n
    FROM public.ev GROUP BY 1`,
  `SELECT date_bin('15 minutes', at, timestamptz '2001-01-01 00:00+00') AS d, count(*) AS n
    FROM public.ev GROUP BY 1`,
  `SELECT date_trunc('week', day_local) AS w, count(*) AS n FROM public.ev GROUP BY 1`,
  `SELECT count(*) AS n FROM public.ev WHERE at >= '2025-04-01 00:00+00'`,
  `SELECT date_trunc('day', at, 'Europe/Berlin') AS d, count(*) AS n FROM public.ev GROUP BY 1`,
];
const ZONE = 'America/St_Johns';
const IMATS = BUCKETS.map((definition, index) => ({ name: `buckets_${index}`, definition }));

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(EVENTS);
});
afterAll(() => world.drop());

const READERS = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', ZONE];

/**
 * What an imat shows in every time zone is what the definition gives in that of the conversion. The
 * keys of buckets are compared as instants and dates, not as they are printed.
 */
async function expectExactInAllZones(): Promise<void> {
  const wanted = new Map<string, unknown>();
  for (const zone of [ZONE, ...READERS]) {
    const reader = await world.session();
    for (const { name, definition } of IMATS) {
      await reader.sql(`SET TimeZone = '${zone}'`);
      const read = wanted.has(name) ? `SELECT * FROM imat.${name}` : definition;
      await reader.sql(`CREATE TEMPORARY TABLE found AS ${read}`);
      await reader.sql(`SET TimeZone = 'UTC'`);
      const rows = await reader.rows('SELECT * FROM found ORDER BY found::text');
      await reader.sql('DROP TABLE found');
      if (wanted.has(name)) expect(rows, `${definition} in ${zone}`).toEqual(wanted.get(name));
      else wanted.set(name, rows);
    }
    await reader.db.close();
  }
}

test('each is maintained by delta, and exact in every time zone', async () => {
  for (const { name, definition } of IMATS) {
    const options = { settings: { TimeZone: ZONE } };
    const created = await world.imat.create(name, definition, options);
    expect(created.strategy, definition).toBe('delta');
  }
  await expectExactInAllZones();
  await world.sql(`INSERT INTO ev (at, day_local, v)
      SELECT timestamptz '2025-10-25 20:00+00' + i * interval '13 minutes',
        timestamp '2025-10-25 20:00' + i * interval '13 minutes', i
      FROM generate_series(1, 900) AS i;
    DELETE FROM ev WHERE id % 7 = 0`);
  await expectExactInAllZones();
  await foldAll(world.imat);
  await expectExactInAllZones();
});
