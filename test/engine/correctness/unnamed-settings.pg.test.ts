/**
 * Definitions whose answer depends on session settings that they do not name. What is stored was
 * computed under those of the session that converted; whoever reads, writes, folds or repairs under
 * other ones, the answer is that of the definition in the reader's session.
 */
import { expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { inPreparedSandbox } from '../commands/support/sandbox.ts';

const SETUP = `CREATE FUNCTION shown(day date) RETURNS text LANGUAGE sql AS 'SELECT day::text';
  CREATE FUNCTION days_of(at timestamptz, since timestamptz) RETURNS int LANGUAGE plpgsql
    AS $$ begin return extract(day FROM age(at, since)) + extract(month FROM age(at, since)) * 30;
      end $$;
  CREATE TABLE event (
    id int PRIMARY KEY, kind text, day date, at timestamptz, took interval, size float8
  );
  CREATE TABLE kind (name text PRIMARY KEY, since timestamptz);
  INSERT INTO kind SELECT chr(97 + n), timestamptz '2026-01-01 00:00Z' + n * interval '7 hours'
    FROM generate_series(0, 4) n;
  INSERT INTO event SELECT n, chr(97 + n % 5), date '2026-01-28' + n % 7,
      timestamptz '2026-01-31 20:00Z' + n * interval '37 minutes', n % 3 * interval '25 hours',
      n % 11 / 3.0
    FROM generate_series(1, 200) n;
  ANALYZE`;

/** Added up, computed again by a key, totals over stored rows, and a query over stores. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  added: `SELECT day::text AS day, took::text AS took, count(*) AS n, min(size::text) AS least
    FROM public.event GROUP BY 1, 2`,
  joined: `SELECT e.kind, k.since::text AS since, sum(e.id) AS ids, 'x' || max(e.size) AS most
    FROM public.event e JOIN public.kind k ON k.name = e.kind GROUP BY e.kind, k.since`,
  documents: `SELECT k.name, to_jsonb(k) AS kind,
      jsonb_agg(jsonb_build_object('at', e.at, 'size', e.size) ORDER BY e.id) AS events
    FROM public.kind k LEFT JOIN public.event e ON e.kind = k.name GROUP BY k.name`,
  ranked: `SELECT id, concat(kind, ' ', at) AS label,
      rank() OVER (PARTITION BY day::text ORDER BY id) AS place FROM public.event`,
  parsed: `SELECT to_char(date '2026-01-01' + id % 12, 'MM/DD/YYYY')::date AS day,
      (20260101 + id % 28)::numeric::text::timestamptz AS at, count(*) AS n
    FROM public.event GROUP BY 1, 2`,
  in_bodies: `SELECT public.shown(day) AS day, sum(public.days_of(at, '2026-01-05 03:00Z')) AS days,
      max(public.shown(day)) FILTER (WHERE size > 1) AS last
    FROM public.event GROUP BY 1`,
  by_bodies: `SELECT k.name, string_agg(public.shown(e.day), ',' ORDER BY e.id) AS days
    FROM public.kind k LEFT JOIN public.event e ON e.kind = k.name
      AND public.days_of(e.at, k.since) > 29 GROUP BY k.name`,
  ages: `SELECT kind, age(max(at), min(at)) AS spread, max(age(at, '2026-01-05 03:00Z')) AS oldest
    FROM public.event GROUP BY kind`,
  ages_until_now: `SELECT id, extract(year FROM age(now(), at)) AS years, age(now(), day) AS since,
      now() - at AS ago, public.days_of(now(), at) AS days, day::text AS day
    FROM public.event WHERE size > 1`,
  several: `SELECT * FROM (
      SELECT kind, day::text AS day, count(*) AS n FROM public.event GROUP BY 1, 2
      UNION ALL SELECT name, since::text, 1 FROM public.kind
      ORDER BY day, kind, n LIMIT 7) q`,
};

const OTHERS = [
  `SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'German'; SET extra_float_digits = 0`,
  `SET IntervalStyle = 'iso_8601'`,
  `SET extra_float_digits = 3`,
];

const CHANGES = [
  `INSERT INTO event VALUES (901, 'b', '2026-01-29', '2026-02-01 12:00Z', '49 hours', 0.1)`,
  `UPDATE event SET size = size + 0.1, at = at + interval '5 hours' WHERE id % 17 = 0`,
  `UPDATE kind SET since = since + interval '1 day' WHERE name IN ('a', 'c')`,
  `DELETE FROM event WHERE id % 23 = 0`,
];

test.each(Object.entries(DEFINITIONS))('%s', async (name, definition) => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.sql(`CREATE MATERIALIZED VIEW ${name} AS ${definition}`);
    expect(await sandbox.imat.convert(name)).toMatchObject({
      strategy: 'delta',
      notes: expect.arrayContaining([expect.stringContaining('runs the definition')]),
    });
    const others = [sandbox];
    for (const settings of OTHERS) {
      const other = await sandbox.session();
      await other.sql(settings);
      others.push({ ...sandbox, ...other });
    }
    const compare = async (when: string): Promise<void> => {
      for (const [at, reader] of others.entries())
        await expectEqual(reader.db, `imat.${name}`, definition, `${when}, reader ${at}`);
    };
    await compare('after convert');
    for (const [at, change] of CHANGES.entries()) {
      await others[at % others.length]?.sql(change);
      await compare(change);
      const keeper = others[(at + 1) % others.length];
      await (at % 2 === 0 ? keeper?.imat.fold(name) : keeper?.imat.rebuild(name));
      await compare(`${change}, then fold`);
    }
    const [repaired] = (await others[1]?.imat.repair(name)) ?? [];
    expect(repaired).toMatchObject({ strategy: 'delta', error: null });
    await compare('after repair');
    await sandbox.sql('DELETE FROM event WHERE id % 3 = 0');
    await compare('after repair and a change');
    await others[1]?.imat.fold(name);
    await compare('after all');
  });
});

test('what the time changes in a store is not computed under unnamed settings', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    const definition = `SELECT day::text AS day FROM public.event
      WHERE at > now() - interval '2 days'`;
    expect(await sandbox.imat.create('by_time', definition)).toMatchObject({ strategy: 'swap' });
    await sandbox.imat.revert('by_time');
    const above = `SELECT kind, count(*) AS n FROM public.event
      WHERE age(now(), at) > interval '2 days' GROUP BY kind`;
    expect(await sandbox.imat.create('above', above)).toMatchObject({ strategy: 'delta' });
    for (const zone of ['Asia/Kolkata', 'America/St_Johns', 'UTC']) {
      await sandbox.sql(`SET TimeZone = '${zone}'`);
      await expectEqual(sandbox.db, 'imat.above', above);
    }
  });
});

test('what is not live is swapped: it would be finished under settings of its reader', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.sql(`CREATE MATERIALIZED VIEW added AS ${DEFINITIONS['added']}`);
    expect(await sandbox.imat.convert('added', { freshness: '5s' })).toMatchObject({
      strategy: 'swap',
      reasons: expect.arrayContaining([expect.objectContaining({ kind: 'settings_dependent' })]),
    });
  });
});
