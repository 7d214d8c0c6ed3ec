/**
 * A series of days in the session's time zone against what PostgreSQL computes under that TimeZone,
 * over changes of the clock.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Explanation } from '../../../engine/api.ts';
import { createPreparedWorld, type World } from '../commands/support/world.ts';
import { OTHERS, valuesUnder } from './support/values.ts';

let world: World;
let major: number;
beforeAll(async () => {
  world = await createPreparedWorld(`CREATE TABLE times (tz timestamptz);
    CREATE FUNCTION today() RETURNS date IMMUTABLE LANGUAGE sql RETURN '2024-01-01'::date`);
  major = Math.trunc(
    (await world.value<number>(`SELECT current_setting('server_version_num')::int`)) / 10000,
  );
});
afterAll(() => world.drop());

const SERIES: readonly string[] = [
  "generate_series('2023-01-01'::date, '2025-12-31'::date, interval '1 day')",
  "generate_series('2024-01-31'::date, '2026-01-01'::date, interval '1 month')",
  "generate_series('2023-01-01', '2025-12-31', interval '7 days')",
  "generate_series('2024-01-01 00:00'::timestamp, '2024-12-31'::timestamptz, '1 mon 1 day')",
  "generate_series('2024-05-01'::date, '2024-09-30'::date, interval '1 day')",
  "generate_series('2023-01-01 02:30', '2025-12-31', interval '1 day')",
  "generate_series('2024-02-01'::date, '2024-05-01'::date, interval '6 hours')",
  "generate_series('2024-12-31'::date, '2024-01-01'::date, interval '1 day')",
];
/** Clocks that jump over midnight, and one that left out a day. */
const OVER_MIDNIGHT = ['America/Havana', 'Asia/Beirut', 'Africa/Cairo'];

/** Whether something that depends on the zone, or on another setting, does not name it. */
const dependsOnSettings = ({ reasons, notes }: Pick<Explanation, 'reasons' | 'notes'>): boolean =>
  reasons.some(({ kind }) => kind === 'settings_dependent') ||
  notes.some((note) => note.includes('runs the definition'));

describe('a series of days is that of the time zone', () => {
  test.each([...OVER_MIDNIGHT, 'Europe/Berlin', 'America/New_York', 'Pacific/Apia', 'UTC'])(
    '%s',
    async (zone) => {
      let pinned = 0;
      for (const series of SERIES)
        for (const from of [
          `(SELECT d, d::date AS day FROM ${series} d) s`,
          `(SELECT ${series} AS d, ${series}::date AS day) s`,
        ]) {
          const query = `SELECT extract(epoch FROM d) AS id, d, day FROM ${from}`;
          const found = await world.imat.explain(query, {
            query: true,
            settings: { timezone: zone },
          });
          if (dependsOnSettings(found)) continue;
          pinned++;
          expect(await valuesUnder(world, OTHERS, found.definition), found.definition).toEqual(
            await valuesUnder(world, `SET TimeZone = '${zone}'`, query),
          );
        }
      const all = SERIES.length * 2;
      if (major >= 16 || zone === 'UTC') expect(pinned).toBe(all);
      else if (OVER_MIDNIGHT.includes(zone)) expect(pinned).toBeLessThan(all);
      expect(pinned).toBeGreaterThan(SERIES.length / 2);
    },
  );

  test('not one of a column, of other columns, or without an end', async () => {
    for (const from of [
      "times t, generate_series(t.tz, t.tz + interval '3 days', interval '1 day') s",
      "generate_series('2024-01-01'::date, '2024-02-01'::date, '1 day') WITH ORDINALITY o(s, n)",
      "generate_series('2024-01-01'::date, 'infinity', interval '1 day') s",
      "generate_series(public.today(), '2024-02-01'::date, interval '1 day') s",
      "generate_series('0001-01-01'::date, '9999-01-01'::date, interval '1 day') s",
      "generate_series('2024-01-01'::date, '2024-02-01'::date, '1 mon -29 days') s",
    ]) {
      const found = await world.imat.explain(`SELECT s FROM ${from}`, {
        query: true,
        settings: { timezone: 'Europe/Berlin' },
      });
      expect(dependsOnSettings(found), from).toBe(major < 16);
    }
  });
});
