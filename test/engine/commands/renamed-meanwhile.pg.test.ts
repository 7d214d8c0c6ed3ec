/**
 * Columns and tables get other names while a command prepares what it has read. It ends as if it
 * had run before or after that, or tells the user to try again; it never takes one column for
 * another.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOCK_CLASS } from '../../../engine/catalog/migrate.ts';
import { inspectView } from '../../../engine/server/relations.ts';
import {
  createPreparedWorld,
  differencesSql,
  expectExact,
  outcomeOf,
  untilBlocked,
  type World,
} from './support/world.ts';

const SUM = 'SELECT g, sum(v) AS s, count(*) AS n FROM public.t GROUP BY g';
const QUERY = 'SELECT g, sum(v) AS s, count(*) AS n, sum(w) AS m FROM public.t GROUP BY g';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE t (g int, v int, w int);
    INSERT INTO t SELECT i % 3, i, -i FROM generate_series(1, 30) AS i;
    CREATE VIEW oracle AS ${SUM};
    CREATE VIEW altered AS ${QUERY};
    CREATE MATERIALIZED VIEW m AS ${SUM}`);
  await world.imat.create('kept', SUM);
});
afterEach(() => world.drop());

const RENAMES = {
  'a column': 'ALTER TABLE t RENAME COLUMN v TO x',
  'two columns, which exchange their names': `ALTER TABLE t RENAME COLUMN v TO x;
    ALTER TABLE t RENAME COLUMN w TO v; ALTER TABLE t RENAME COLUMN x TO w`,
  'the table': 'ALTER TABLE t RENAME TO u',
  'the table, and another one gets its name': `ALTER TABLE t RENAME TO u;
    CREATE TABLE t (g int, v int, w int)`,
};

type Program = Awaited<ReturnType<World['program']>>;
const COMMANDS = {
  convert: ({ imat }: Program) => imat.convert('m'),
  repair: ({ imat }: Program) => imat.repair('kept'),
  alter: ({ imat }: Program) => imat.alter('kept', QUERY),
};

/** The query of alter may have been read before the renaming or after it. */
async function isExact(command: keyof typeof COMMANDS): Promise<boolean> {
  const name = command === 'convert' ? 'm' : 'kept';
  const view = command === 'alter' ? 'altered' : 'oracle';
  const isEqual = async (definition: string): Promise<boolean> =>
    (await world.rows(differencesSql({ name, definition }))).length === 0;
  return (
    (await isEqual(`SELECT * FROM public.${view}`)) ||
    (command === 'alter' && (await isEqual(QUERY)))
  );
}

describe.each(Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])('%s', (command) => {
  describe.each(Object.keys(RENAMES) as (keyof typeof RENAMES)[])('%s', (rename) => {
    test.each(['before it is registered', 'while it waits for a writer'])('%s', async (when) => {
      const [program, holder] = [await world.program(), await world.session()];
      await holder.sql(
        when === 'before it is registered'
          ? `BEGIN; SELECT pg_advisory_xact_lock(${LOCK_CLASS}, 0)`
          : 'BEGIN; INSERT INTO t VALUES (1, 2, 3)',
      );
      const ended = outcomeOf<unknown>(COMMANDS[command](program));
      await Promise.race([ended, untilBlocked(world, program.pid)]);
      await holder.sql(`${RENAMES[rename]}; COMMIT`);
      const outcome = await ended;
      if (outcome instanceof Error) {
        expect(outcome).toMatchObject({ condition: 'contention' });
        await expectExact(world, { name: 'kept', definition: 'SELECT * FROM public.oracle' });
      } else expect(await isExact(command)).toBe(true);
    });
  });
});

test('a view that is dropped meanwhile', async () => {
  const oid = await world.value<number>(`SELECT 'oracle'::regclass::oid::int`);
  await world.sql('DROP VIEW oracle');
  const { db } = await world.session();
  const found = db.transaction('read committed', () => inspectView(db, oid));
  await expect(found).rejects.toMatchObject({ condition: 'contention' });
});

test('an imat that another session builds anew under its former name', async () => {
  const [program, other] = [await world.program(), await world.session()];
  await other.sql(`BEGIN; INSERT INTO imat_catalog.imat (
      name, strategy, freshness, state, definition, watchable, reasons, notes,
      untrusted, dependence, builds, completed)
    SELECT 'former (new)', strategy, freshness, 'installing', definition, watchable, reasons, notes,
      untrusted, dependence, id, completed FROM imat_catalog.imat`);
  const outcome = outcomeOf(program.imat.alter('kept', QUERY));
  await untilBlocked(world, program.pid);
  await other.sql('COMMIT');
  expect(await outcome).toMatchObject({
    condition: 'contention',
    message: 'imat "kept" is being built by another session',
  });
  await program.imat.alter('kept', QUERY);
  await expectExact(world, [{ name: 'kept', definition: QUERY }]);
});
