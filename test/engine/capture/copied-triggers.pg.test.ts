/** Triggers that call imat's capture functions under other names log each row once more. */
import { expect, test } from 'vitest';
import { WITH_EXTENSION } from '../../setup/database.ts';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  type World,
} from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SETUP = `
  CREATE TABLE t (g int, v int);
  CREATE TABLE p (g int, v int) PARTITION BY LIST (g);
  CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
  CREATE TABLE p_2 PARTITION OF p DEFAULT;
  INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i;
  INSERT INTO p SELECT * FROM t`;
const ALL: readonly Checked[] = [
  { name: 'plain', definition: 'SELECT g, sum(v) AS s FROM public.t GROUP BY g' },
  { name: 'parted', definition: 'SELECT g, sum(v) AS s FROM public.p GROUP BY g' },
];
const WRITES = ALL.flatMap(({ definition }) => /public\.(\w)/.exec(definition)?.[1] ?? []).map(
  (table) => `INSERT INTO ${table} VALUES (1, 100), (2, 7); UPDATE ${table} SET v = v + 1
    WHERE g = 2; DELETE FROM ${table} WHERE v < 5;`,
);

/** The name of a capture trigger, and the function that it calls. */
async function captureOf(world: World, table: string): Promise<{ name: string; calls: string }> {
  const [found] = await world.rows<{ name: string; calls: string }>(
    `SELECT quote_ident(tgname) AS name, tgfoid::regproc::text AS calls FROM pg_trigger
     WHERE tgrelid = '${table}'::regclass AND tgname LIKE '!imat_insert%'`,
  );
  if (found === undefined) throw new Error(`no capture on ${table}`);
  return found;
}

const CHANGES: Readonly<Record<string, (table: string, name: string, calls: string) => string>> = {
  renamed: (table, name) => `ALTER TRIGGER ${name} ON ${table} RENAME TO mine`,
  added: (table, _, calls) => `CREATE TRIGGER mine AFTER INSERT ON ${table}
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ${calls}()`,
};
const CASES = Object.keys(CHANGES).flatMap((change) =>
  (
    [
      ['t', 'plain'],
      ['p', 'parted'],
      ['p_1', 'parted'],
    ] as const
  ).map(([table, name]) => ({ change, table, name })),
);

test.each(CASES)(
  'a trigger that was $change on $table breaks the imat, and repair and revert remove it',
  async ({ change, table, name }) => {
    const world = await createPreparedWorld(SETUP);
    try {
      for (const one of ALL) await world.imat.create(one.name, one.definition);
      const { name: trigger, calls } = await captureOf(world, table);
      await world.sql(CHANGES[change]?.(table, trigger, calls) ?? '');
      await world.sql(WRITES.join(''));
      await expect(world.rows(`SELECT * FROM imat.${name}`)).rejects.toThrow(/is broken/);
      await world.imat.repair(name);
      await world.sql(WRITES.join(''));
      await expectExact(world, ALL, 'repaired');
      await foldAll(world.imat);
      await expectExact(world, ALL, 'folded');
      const again = await captureOf(world, table);
      await world.sql(CHANGES[change]?.(table, again.name, again.calls) ?? '');
      for (const one of ALL) await world.imat.revert(one.name);
      expect(
        await world.rows(`SELECT tgname FROM pg_trigger
          WHERE tgrelid IN ('t'::regclass, 'p'::regclass, 'p_1'::regclass)`),
      ).toEqual([]);
      await world.sql(WRITES.join(''));
    } finally {
      await world.drop();
    }
  },
);

test.runIf(WITH_EXTENSION)('another log is refused while imat captures', async () => {
  const world = await createPreparedWorld(SETUP);
  try {
    for (const one of ALL) await world.imat.create(one.name, one.definition);
    await world.sql('CREATE TABLE mine (LIKE imat_store.log_public_t)');
    await expect(world.sql("SELECT enable_capture('t', 'mine')")).rejects.toThrow(
      /trigger "!imat_\w+" captures the changes of table "t"/,
    );
    await world.sql(WRITES.join(''));
    await expectExact(world, ALL);
  } finally {
    await world.drop();
  }
});

test.runIf(WITH_EXTENSION)(
  'a fold of all marks imats of which the registration has gone; repair makes it again',
  async () => {
    const world = await createPreparedWorld(SETUP);
    try {
      for (const one of ALL) await world.imat.create(one.name, one.definition);
      await world.sql(`DELETE FROM table_change_tracker.capture_targets; ${WRITES.join('')}`);
      const folded = await foldAll(world.imat);
      const codes = Object.fromEntries(folded.map(({ name, error }) => [name, error?.code]));
      expect(codes).toEqual({ parted: undefined, plain: 'IM024' });
      await expect(world.rows('SELECT * FROM imat.plain')).rejects.toThrow(/is broken/);
      await world.imat.repair('plain');
      await world.sql(WRITES.join(''));
      await expectExact(world, ALL, 'repaired');
      await foldAll(world.imat);
      await expectExact(world, ALL, 'folded');
    } finally {
      await world.drop();
    }
  },
);
