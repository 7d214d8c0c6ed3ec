/** The latest value of each sensor, in the ways in which people ask for it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';

const IMATS = [
  `SELECT sensor, (array_agg(ts ORDER BY id DESC))[1] AS ts,
    (array_agg(val ORDER BY id DESC))[1] AS val FROM public.reading GROUP BY sensor`,
  `SELECT DISTINCT ON (sensor) sensor, ts, val FROM public.reading
    ORDER BY sensor, ts DESC, id DESC`,
  `SELECT s.id, r.ts, r.val FROM public.sensor s LEFT JOIN LATERAL (
    SELECT ts, val FROM public.reading WHERE sensor = s.id ORDER BY ts DESC, id DESC LIMIT 1
  ) r ON true`,
  `SELECT r.* FROM public.reading r
    JOIN (SELECT sensor, max(ts) AS ts FROM public.reading GROUP BY 1) m
      ON m.sensor = r.sensor AND m.ts = r.ts`,
  `WITH r AS (SELECT sensor, count(*) AS n, max(ts) AS last FROM public.reading GROUP BY 1),
      a AS (SELECT sensor, count(*) AS n FROM public.alarm GROUP BY 1)
    SELECT s.id, s.name, coalesce(r.n, 0) AS readings, r.last, coalesce(a.n, 0) AS alarms
    FROM public.sensor s LEFT JOIN r ON r.sensor = s.id LEFT JOIN a ON a.sensor = s.id`,
  `SELECT sensor, date_trunc('day', ts) AS d, avg(val) AS a, min(val) AS lo, max(val) AS hi,
    sum(coalesce(val, 0)) AS s FROM public.reading GROUP BY 1, 2`,
  `SELECT sensor, array_agg(val ORDER BY id) AS v,
    string_agg(val::text, ',' ORDER BY id) AS s FROM public.reading GROUP BY 1`,
].map((definition, index) => ({ name: `latest_${index}`, definition }));

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE sensor (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text);
    CREATE TABLE reading (id bigint GENERATED ALWAYS AS IDENTITY, sensor uuid, ts timestamp,
      val numeric(10,2));
    CREATE TABLE alarm (sensor uuid, at timestamp);
    INSERT INTO sensor (name) SELECT 's' || i FROM generate_series(1, 20) AS i;
    INSERT INTO reading (sensor, ts, val)
      SELECT id, timestamp '2026-01-01' + g * interval '1 h', g
      FROM sensor, generate_series(1, 30) AS g;
    INSERT INTO alarm SELECT id, timestamp '2026-01-02' FROM sensor LIMIT 5`);
  for (const { name, definition } of IMATS)
    expect(await world.imat.create(name, definition)).toMatchObject({ strategy: 'delta' });
});
afterAll(() => world.drop());

test.each([
  `INSERT INTO reading (sensor, ts, val) SELECT id, timestamp '2026-03-01', 999 FROM sensor`,
  'DELETE FROM reading WHERE val < 5',
  'INSERT INTO alarm SELECT id, now()::timestamp FROM sensor',
  `DELETE FROM sensor WHERE name = 's3'`,
])('%s', async (statement) => {
  await world.sql(statement);
  await expectExact(world, IMATS, statement);
});
