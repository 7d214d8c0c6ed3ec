/**
 * Every path of paths.ts, on every version: the tables that change are reported, and no other.
 *
 * An older writing transaction is open all the time, so that the first rule calls everything
 * changed and the version decides. The first rule is asked with the same snapshot as it would be
 * without that transaction.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { provideExtension } from '../../tools/extension.ts';
import type { Path } from './path.ts';
import { BASE, PATHS, TRACKED } from './paths.ts';
import { runAll, snapshot, useExtensionServer, value } from './server.ts';

const { servers, missing } = provideExtension();
for (const { major, reason } of missing)
  process.stderr.write(`the extension's paths are not tested on PostgreSQL ${major}: ${reason}\n`);

const CASES = PATHS.map((path) => [path.name, path] as const);

/** A tracked table, known by its number: the path may drop it. */
type Table = { readonly name: string; readonly oid: number };

describe.each(servers.map((server) => [server.major, server] as const))(
  'PostgreSQL %i',
  (_major, server) => {
    const under = useExtensionServer(() => server);

    /** Ends with the test, also one that fails. */
    async function session(): Promise<Db> {
      const db = await under.connect();
      onTestFinished(() => db.close());
      return db;
    }

    async function prepare(
      path: Path,
    ): Promise<{ actor: Db; asker: Db; tables: readonly Table[] }> {
      const asker = await session();
      // What a test left that failed.
      for (const { gid } of await asker.query<{ gid: string }>('SELECT gid FROM pg_prepared_xacts'))
        await asker.execute(`ROLLBACK PREPARED '${gid}'`);
      await runAll(asker, [
        'DROP SCHEMA public CASCADE',
        'CREATE SCHEMA public',
        'DROP EXTENSION IF EXISTS table_change_tracker',
      ]);
      await runAll(asker, ['CREATE EXTENSION table_change_tracker', ...BASE]);
      await asker.query('SELECT enable_table_tracking(t) FROM unnest($1::regclass[]) t', [TRACKED]);
      const actor = await session();
      await runAll(actor, path.setup ?? []);
      const tables = await asker.query<Table>(
        `SELECT name, to_regclass(name)::oid AS oid
         FROM unnest($1::text[]) name
         WHERE to_regclass(name) IS NOT NULL`,
        [TRACKED],
      );
      return { actor, asker, tables };
    }

    async function namesWhere(
      db: Db,
      condition: string,
      tables: readonly Table[],
      params: readonly unknown[],
    ): Promise<readonly string[]> {
      const oids = tables.map(({ oid }) => oid);
      const rows = await db.query<{ oid: number }>(
        `SELECT oid
         FROM unnest($1::oid[]) WITH ORDINALITY AS one (oid, n)
         WHERE ${condition}
         ORDER BY n`,
        [oids, ...params],
      );
      return rows.map((row) => tables.find(({ oid }) => oid === row.oid)?.name ?? '');
    }

    const changed = (db: Db, tables: readonly Table[], since: string): Promise<readonly string[]> =>
      namesWhere(db, 'table_changed_since(oid, $2::pg_snapshot)', tables, [since]);

    const expected = (path: Path, answered: readonly string[]): readonly string[] =>
      TRACKED.filter(
        (table) =>
          path.changes.includes(table) ||
          (path.mayChange?.includes(table) === true && answered.includes(table)),
      );

    test.each(CASES)('%s', async (_name, path) => {
      const { actor, asker, tables } = await prepare(path);
      const oids = tables.map(({ oid }) => oid);
      const holder = await session();
      await holder.execute('BEGIN');
      const held = await value(holder, 'SELECT pg_current_xact_id()::text');
      // Ends the portal of that query, whose snapshot CREATE INDEX CONCURRENTLY would wait for.
      await holder.execute('SELECT 1');
      await asker.query(
        'SELECT set_last_timestamp(t, clock_timestamp()) FROM unnest($1::oid[]) t',
        [oids],
      );
      const versions = await value(asker, 'SELECT table_versions($1::oid[]::regclass[])::text', [
        oids,
      ]);
      const stamps = await value(asker, 'SELECT get_last_timestamps($1::oid[]::regclass[])::text', [
        oids,
      ]);
      await asker.execute('SELECT pg_current_xact_id()');
      const since = await snapshot(asker);
      expect(await changed(asker, tables, since)).toEqual(tables.map(({ name }) => name));
      expect(await changed(asker, tables, without(since, held))).toEqual(
        path.prepares === true ? expect.anything() : [],
      );
      await runAll(actor, path.action);

      const byXmin = await changed(asker, tables, without(since, held));
      // The tables were marked after what was prepared before them, so the first rule takes all of
      // them for changed until that has ended.
      if (path.prepares === true) expect(byXmin).toEqual(expect.arrayContaining([...path.changes]));
      else expect(byXmin).toEqual(expected(path, byXmin));
      const condition =
        '(tables_changed_since($3::oid[]::regclass[], ' +
        'array_fill($2::pg_snapshot, ARRAY[cardinality($3)]), ' +
        '$4::text[]))[n]';
      const byVersion = await namesWhere(asker, condition, tables, [since, oids, versions]);
      expect(byVersion).toEqual(expected(path, byXmin));

      // What changed has a later timestamp, what did not has the same; a table that is gone has
      // none.
      const there = tables.filter(({ name }) => !path.dropped?.includes(name));
      const later = await namesWhere(
        asker,
        'get_last_timestamp(oid) > ($2::timestamptz[])[array_position($3::oid[], oid)]',
        there,
        [stamps, oids],
      );
      const shown = byVersion.filter((name) => !path.dropped?.includes(name));
      // What a prepared transaction may change is stamped at every look, until a later snapshot
      // tells that it has ended.
      if (path.prepares === true) expect(later).toEqual(expect.arrayContaining([...shown]));
      else expect(later).toEqual(shown);

      expect(await changed(asker, there, without(await snapshot(asker), held))).toEqual([]);
    });
  },
);

/** The snapshot as it would be if this one of its running transactions had ended before. */
function without(text: string, id: string): string {
  const [, xmax = '', list = ''] = text.split(':');
  const running = list.split(',').filter((one) => one !== '' && one !== id);
  const [oldest] = running.toSorted((a, b) => Number(a) - Number(b));
  return `${oldest ?? xmax}:${xmax}:${running.join(',')}`;
}
