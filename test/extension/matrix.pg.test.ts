/**
 * Every path of paths.ts, on every version: the tables that change are reported, and no other. Each runs twice: once as it is, which the
 * first rule decides (no transaction is older than the snapshot), and once while an older writing transaction is open, where the first
 * rule calls everything changed and the version decides.
 */
import { describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { provideExtension } from '../../tools/extension.ts';
import { BASE, PATHS, type Path, TRACKED } from './paths.ts';
import { runAll, snapshot, useExtensionServer, value } from './server.ts';

const LIST = `{${TRACKED.join(',')}}`;
const { servers, missing } = provideExtension();
for (const { major, reason } of missing) process.stderr.write(`the extension's paths are not tested on PostgreSQL ${major}: ${reason}\n`);

describe.each(servers.map((server) => [server.major, server] as const))('PostgreSQL %i', (_major, server) => {
  const under = useExtensionServer(() => server);

  async function prepare(path: Path): Promise<{ actor: Db; asker: Db }> {
    const asker = await under.connect();
    await runAll(asker, ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public', 'DROP EXTENSION IF EXISTS table_change_tracker']);
    await runAll(asker, ['CREATE EXTENSION table_change_tracker', ...BASE]);
    const actor = await under.connect();
    await asker.execute("SELECT enable_table_tracking(t) FROM unnest('" + LIST + "'::regclass[]) t");
    await runAll(actor, path.setup ?? []);
    return { actor, asker };
  }

  /** Tables by name: what is dropped by the path is a number then. */
  const tables = (db: Db): Promise<string> =>
    value(
      db,
      'SELECT array_agg(coalesce(to_regclass(name)::oid, 1) ORDER BY n)::regclass[]::oid[]::text FROM unnest($1::text[]) WITH ORDINALITY AS l (name, n)',
      [LIST],
    );

  async function ask(db: Db, oids: string, since: string, versions: string | null): Promise<readonly string[]> {
    const answers = await value(
      db,
      `SELECT tables_changed_since(o, array_fill($2::pg_snapshot, ARRAY[cardinality(o)]), coalesce($3::text[], array_fill(NULL::text, ARRAY[cardinality(o)])))::text
       FROM (SELECT $1::oid[]::regclass[] AS o) x`,
      [oids, since, versions],
    );
    const flags = answers.slice(1, -1).split(',');
    return TRACKED.filter((_, i) => flags[i] === 't');
  }

  const expected = (path: Path, answered: readonly string[]): readonly string[] =>
    TRACKED.filter((table) => path.changes.includes(table) || (path.mayChange?.includes(table) === true && answered.includes(table)));

  test.each(PATHS.map((path) => [path.name, path] as const))('%s', async (_name, path) => {
    const { actor, asker } = await prepare(path);
    const gone = path.setup?.some((statement) => statement.startsWith('DROP MATERIALIZED VIEW')) === true ? ['m'] : [];
    const oids = await tables(asker);
    const before = await snapshot(asker);
    const stamps = await value(asker, 'SELECT array_agg(CASE WHEN t <> 1 THEN get_last_timestamp(t) END)::text FROM unnest($1::oid[]) t', [
      oids,
    ]);
    await runAll(actor, path.action);
    const answered = (await ask(asker, oids, before, null)).filter((table) => !gone.includes(table));
    expect(answered).toEqual(expected(path, answered));

    // What changed has a later timestamp, what did not has the same; a table that is gone has none.
    const later = await value(
      asker,
      `SELECT array_agg(CASE WHEN c.oid IS NOT NULL THEN get_last_timestamp(o) > s ELSE true END ORDER BY n)::text
       FROM unnest($1::oid[], $2::timestamptz[]) WITH ORDINALITY AS l (o, s, n) LEFT JOIN pg_class c ON c.oid = o`,
      [oids, stamps],
    );
    const flags = later.slice(1, -1).split(',');
    const moved = TRACKED.filter((table, i) => flags[i] === 't' && !gone.includes(table));
    // Tables that a prepared transaction may still change are stamped at every look, until a later snapshot tells that it has ended.
    if (!path.action.join().includes('PREPARED')) expect(moved).toEqual(expected(path, moved));
    else for (const table of path.changes) expect(moved).toContain(table);

    // Afterwards nothing has changed since.
    const after = await snapshot(asker);
    const still = await ask(asker, oids, after, null);
    const exist = await value(
      asker,
      'SELECT array_agg(c.oid IS NOT NULL ORDER BY n)::text FROM unnest($1::oid[]) WITH ORDINALITY AS l (o, n) LEFT JOIN pg_class c ON c.oid = o',
      [oids],
    );
    const there = exist.slice(1, -1).split(',');
    expect(still.filter((table) => there[TRACKED.indexOf(table as never)] === 't')).toEqual([]);
    await Promise.all([actor.close(), asker.close()]);
  });

  test.each(PATHS.map((path) => [path.name, path] as const))('%s, while an older transaction is open', async (_name, path) => {
    const { actor, asker } = await prepare(path);
    const gone = path.setup?.some((statement) => statement.startsWith('DROP MATERIALIZED VIEW')) === true ? ['m'] : [];
    const oids = await tables(asker);
    const holder = await under.connect();
    await runAll(holder, ['BEGIN', 'SELECT pg_current_xact_id()']);
    await asker.query('SELECT set_last_timestamp(t, clock_timestamp()) FROM unnest($1::oid[]) t WHERE t <> 1', [oids]);
    const versions = await value(asker, 'SELECT array_agg(CASE WHEN t <> 1 THEN table_version(t) END)::text FROM unnest($1::oid[]) t', [
      oids,
    ]);
    await asker.execute('SELECT pg_current_xact_id()');
    const before = await snapshot(asker);
    expect(await ask(asker, oids, before, null)).toEqual(TRACKED);
    await runAll(actor, path.action);
    const answered = (await ask(asker, oids, before, versions)).filter((table) => !gone.includes(table));
    expect(answered).toEqual(expected(path, answered));
    await holder.execute('COMMIT');
    await Promise.all([actor.close(), asker.close(), holder.close()]);
  });
});
