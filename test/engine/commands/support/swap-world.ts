/**
 * One database with a swap imat that is stored by hand and one that is live, for tests of swaps.
 */
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { createPreparedWorld } from './world.ts';
import type { Checked, Session, World } from './world.ts';
import { REBUILT } from '../../../setup/rebuilt.ts';

/**
 * A generation's rows are all of that generation: an empty or mixed answer shows. `gate()` stops
 * whoever computes the definition.
 */
const STORED = 'SELECT item, generation FROM public.stock WHERE gate()';
export const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT}
    SELECT item, generation, rank() OVER (ORDER BY item) AS place FROM public.stock`,
};
export const ITEMS = 50;
export const GATE = 42;

export let world: World;
/** Everything of the stored imat that a swap must not change. */
const furniture = (): Promise<unknown> =>
  world.value(`SELECT jsonb_build_object(
    'oid', 'imat.stored'::regclass::oid,
    'grants', (SELECT c.relacl::text FROM pg_class c WHERE c.oid = 'imat.stored'::regclass),
    'column grants',
    (
      SELECT array_agg(a.attacl::text ORDER BY a.attnum)
      FROM pg_attribute a
      WHERE a.attrelid = 'imat.stored'::regclass
    ),
    'comments',
    (
      SELECT array_agg(d.description ORDER BY d.objsubid)
      FROM pg_description d
      WHERE d.objoid = 'imat.stored'::regclass
    ),
    'indexes',
    (SELECT array_agg(regexp_replace(i.indexdef, '^CREATE (UNIQUE )?INDEX \\S+ ON \\S+ ', '\\1')
      ORDER BY i.indexdef ~ 'UNIQUE', i.indexdef ~ 'lower')
       FROM pg_indexes i
       WHERE i.schemaname = 'imat_store'
         AND i.tablename ~ '^slot_._stored$'
         AND i.tablename::text = (
           SELECT f.state_relation::regclass::text
           FROM imat_catalog.frontier f JOIN imat_catalog.imat m ON m.id = f.imat_id
           WHERE m.name = 'stored'
           LIMIT 1
         )::regclass::text
       ),
    'slot columns',
    (
      SELECT array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
      FROM pg_attribute a
      WHERE a.attnum > 0
        AND a.attrelid = (
          SELECT f.state_relation
          FROM imat_catalog.frontier f JOIN imat_catalog.imat m ON m.id = f.imat_id
          WHERE m.name = 'stored'
        )
    )
    )`);
export const phase = (name = 'stored'): Promise<string | null> =>
  world.value(`SELECT swap_phase FROM imat_catalog.imat WHERE name = '${name}'`);
export const slots = (name = 'stored'): Promise<number> =>
  world.value(
    `SELECT count(*)::int FROM pg_class WHERE relname ~ '^slot_._${name}$' AND relkind = 'r'`,
  );
export const isDirect = async (name = 'stored'): Promise<boolean> =>
  !/slot_a.*slot_b/s.test(
    await world.value<string>(`SELECT pg_get_viewdef('imat.${name}'::regclass)`),
  );

export const generationSeenBy = async (session: Session): Promise<number> => {
  const [row] = await session.rows<{ n: number; low: number; high: number }>(
    'SELECT count(*)::int AS n, min(generation) AS low, max(generation) AS high FROM imat.stored',
  );
  expect(row).toEqual({ n: ITEMS, low: row?.low, high: row?.low });
  return row?.low ?? -1;
};

export let generation = 0;
/** Brings a new generation into the table, of which what is stored knows nothing yet. */
export const write = async (by: Session = world): Promise<number> => {
  generation += 1;
  await by.sql(`UPDATE stock SET generation = ${generation}`);
  return generation;
};
export const swap = (name = 'stored'): Promise<void> => world.sql(`CALL imat.swap('${name}')`);

let before: unknown;
export async function expectSettled(current: number): Promise<void> {
  expect(await phase()).toBeNull();
  expect(await slots()).toBe(1);
  expect(await isDirect()).toBe(true);
  expect(await furniture()).toEqual(before);
  expect(await generationSeenBy(world)).toBe(current);
  expect(
    (await world.imat.doctor()).checks.filter((check) => check.check === 'imat stored'),
  ).toMatchObject([{ status: 'ok' }]);
}

/** Stops swaps while they fill the new slot. */
export async function closeGate(): Promise<{ open: () => Promise<void> }> {
  const keeper = await world.session();
  await keeper.sql(`SELECT pg_advisory_lock(${GATE}, 0)`);
  return { open: () => keeper.sql(`SELECT pg_advisory_unlock(${GATE}, 0)`) };
}

/** Makes the database before the tests of a file, and drops it after them. */
export function useSwapWorld(): void {
  beforeAll(async () => {
    world = await createPreparedWorld(`
    CREATE TABLE stock (item int PRIMARY KEY, generation int);
    INSERT INTO stock SELECT i, 0 FROM generate_series(1, ${ITEMS}) AS i;
    CREATE TABLE failing (n int);
    CREATE FUNCTION gate() RETURNS boolean
    LANGUAGE plpgsql
    AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(${GATE}, 0);
        RETURN 1 / (SELECT 1 - count(*) FROM public.failing) = 1;
      END
    $$;
    CREATE MATERIALIZED VIEW stored AS ${STORED};
    CREATE MATERIALIZED VIEW ranked AS ${RANKED.definition};
    COMMENT ON MATERIALIZED VIEW stored IS 'what is stored';
    COMMENT ON COLUMN stored.item IS 'an item';
    CREATE UNIQUE INDEX ON stored (item);
    CREATE INDEX ON stored (generation, item DESC) WHERE generation > 0;
    CREATE INDEX ON stored (lower(item::text))`);
    await world.sql(
      `GRANT SELECT ON stored TO ${await world.role()} WITH GRANT OPTION;
       GRANT SELECT (item) ON stored TO PUBLIC`,
    );
    expect(await world.imat.convert('stored', { freshness: 'manual' })).toMatchObject({
      strategy: 'swap',
    });
    expect(await world.imat.convert('ranked')).toMatchObject({ strategy: 'swap' });
  });
  afterAll(() => world.drop());
  beforeEach(async () => {
    before = await furniture();
  });
}
