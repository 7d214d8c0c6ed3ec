/** What must hold when partitions, or tables that inherit from a source, come and go. */
import { describe, expect, test } from 'vitest';
import { expectExact, type Session, type World } from '../../commands/support/world.ts';
import { ALL, COUNTED, JOINED, maintain, readsDefinition, SUMMED } from './partitioned.ts';

/** A change of the tree; whether it leaves a reset, and how many rows it logs at most. */
export type TreeChange = {
  readonly what: string;
  readonly ddl: string;
  readonly between: readonly string[];
  readonly reset?: boolean;
  readonly rows: number;
};

export const resets = (world: World): Promise<string> =>
  world.value('SELECT count(*) FROM imat_store.reset');
const logged = (world: World): Promise<string> =>
  world.value('SELECT coalesce(sum(abs(weight)), 0) FROM imat_store.log_public_sale');

/** `before` and `after` are what is written otherwise. */
export function describeTreeChanges(
  worldOf: () => World,
  changes: readonly TreeChange[],
  { before, after }: { readonly before: string; readonly after: readonly string[] },
): void {
  describe.each(changes)('$what', ({ ddl, between, reset = false, rows }) => {
    const run = async (
      session: Session,
      statements: readonly string[],
      when: string,
    ): Promise<void> => {
      for (const statement of statements) {
        await session.sql(statement);
        await expectExact(session, ALL, `${when}: ${statement}`);
      }
    };
    const change = async (): Promise<void> => {
      // DETACH CONCURRENTLY cannot be one of several commands.
      for (const statement of ddl.split(';')) await worldOf().sql(statement);
    };

    test('is exact for everybody before it is followed, and after it', async () => {
      const world = worldOf();
      await world.sql(before);
      await change();
      await expectExact(world, ALL);
      const old = await world.session();
      await old.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM product');
      await expectExact(old, ALL);
      for (const isolation of ['READ COMMITTED', 'REPEATABLE READ']) {
        const writer = await world.session();
        await writer.sql(`BEGIN ISOLATION LEVEL ${isolation}`);
        await run(writer, between, isolation);
        await expectExact(world, ALL);
        await writer.sql('ROLLBACK');
      }
      await expectExact(old, ALL);
      await run(world, between, 'for good');
      await maintain(world);
      expect(await resets(world)).toBe('0');
      await expectExact(world, ALL);
      for (const { name } of [SUMMED, JOINED, COUNTED])
        expect(await readsDefinition(world, name), name).toBe(false);
      await expectExact(old, ALL);
      await old.sql('COMMIT');
      await run(world, after, 'followed');
      await maintain(world);
      await expectExact(world, ALL);
    });

    test('reads only what changes', async () => {
      const world = worldOf();
      await change();
      for (const statement of between) await world.sql(statement);
      const loggedBefore = Number(await logged(world));
      await world.sql('CALL imat_catalog.maintain($$ranked$$)');
      expect(Number(await resets(world)) > 0).toBe(reset);
      expect(Number(await logged(world)) - loggedBefore).toBeLessThanOrEqual(rows);
      await expectExact(world, ALL);
    });
  });
}

/** `ddl` takes `sale_2` and the tables below it out of the tree. */
export const testWhatGoes = (worldOf: () => World, ddl: string): void =>
  test('what goes is taken with all below it, which its name still reaches', async () => {
    const world = worldOf();
    await world.sql(ddl);
    expect(await world.value('SELECT imat_catalog.follow_any_part()')).toBe(true);
    await world.sql('UPDATE sale_2 SET amount = -1');
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
    expect(await resets(world)).toBe('0');
  });
