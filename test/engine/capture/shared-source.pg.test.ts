/**
 * A revert beside a convert that shares a source with it: the catalog knows columns that the log
 * does not have yet, and capture must go by what the log has.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  outcomeOf,
  until,
  type World,
} from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const BY_KEY: Checked = {
  name: 'by_key',
  definition: 'SELECT k, sum(v) AS total FROM public.s GROUP BY k',
};
const BY_ID: Checked = {
  name: 'by_id',
  definition: 'SELECT k, sum(id) AS total FROM public.s GROUP BY k',
};
/** Its capture on `s` comes after that on `d`, where it waits. */
const JOINED: Checked = {
  name: 'joined',
  definition: `SELECT d.r, sum(s.w) AS total FROM public.s JOIN public.d ON d.k = s.k GROUP BY d.r`,
};
const WRITE = 'INSERT INTO s VALUES (2, 1, 5, 7); UPDATE s SET w = w + 1, v = v + 1';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE d (k int PRIMARY KEY, r text);
    CREATE TABLE s (id int, k int, v int, w int);
    INSERT INTO d VALUES (1, 'a'); INSERT INTO s VALUES (1, 1, 1, 1)`);
  for (const { name, definition } of [BY_KEY, BY_ID]) await world.imat.create(name, definition);
});
afterEach(() => world.drop());

/** A convert of `joined` that waits for a writer of `d`, whose transaction stays open. */
async function waitingConvert() {
  const holder = await world.session();
  await holder.sql(`BEGIN; INSERT INTO d VALUES (2, 'b')`);
  const other = await world.program();
  const convert = outcomeOf(other.imat.create(JOINED.name, JOINED.definition));
  await until('the convert waits for the writer', async () => {
    const waiting = await world.rows(
      `SELECT FROM imat_catalog.imat i JOIN imat_catalog.imat_source z ON z.imat_id = i.id
       WHERE i.name = 'joined' AND z.relation = 's'::regclass
         AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = ${other.pid} AND NOT l.granted)`,
    );
    return waiting.length > 0;
  });
  return { holder, pid: other.pid, convert };
}

describe('a revert beside a convert that waits', () => {
  test('writers go on, and all are exact when both have ended', async () => {
    const { holder, convert } = await waitingConvert();
    await world.imat.revert('by_id');
    await world.sql(WRITE);
    await expectExact(world, BY_KEY, 'while the convert waits');
    await holder.sql('COMMIT');
    expect(await convert).toMatchObject({ strategy: 'delta' });
    await world.sql(WRITE);
    await expectExact(world, [BY_KEY, JOINED], 'after the convert');
    await foldAll(world.imat);
    await expectExact(world, [BY_KEY, JOINED], 'folded');
  });

  test('writers go on when the convert was killed, and it can be taken up again', async () => {
    const { holder, pid, convert } = await waitingConvert();
    await world.imat.revert('by_id');
    await world.sql(`SELECT pg_terminate_backend(${pid})`);
    expect(await convert).toBeInstanceOf(Error);
    await holder.sql('COMMIT');
    await world.sql(WRITE);
    await expectExact(world, BY_KEY, 'after the end of the convert');
    await world.imat.revert('joined');
    await world.sql(WRITE);
    await world.imat.create(JOINED.name, JOINED.definition);
    await world.sql(WRITE);
    await expectExact(world, [BY_KEY, JOINED], 'converted again');
  });
});

test('a log that has lost a column of the catalog gets it back with the next convert', async () => {
  await world.imat.revert('by_id');
  const log = await world.value<string>(
    `SELECT log::text FROM imat_catalog.source WHERE relation = 's'::regclass`,
  );
  // As a catalog that was ahead of the log left it.
  await world.sql(`SET imat.maintaining = on;
    UPDATE imat_catalog.source SET columns = '{2,3,4}' WHERE log = '${log}'::regclass;
    RESET imat.maintaining`);
  await world.imat.create(JOINED.name, JOINED.definition);
  await world.sql(WRITE);
  await expectExact(world, [BY_KEY, JOINED]);
});
