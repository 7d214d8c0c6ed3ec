/**
 * What keeps deleted log rows from being vacuumed is named once it has been there for a minute, so
 * this takes one.
 */
import { expect, test } from 'vitest';
import { createPreparedWorld, until } from '../engine/commands/support/world.ts';

test('a transaction and a prepared one are named while they stay open', async () => {
  const world = await createPreparedWorld('CREATE TABLE t (k int); CREATE TABLE other (k int)');
  try {
    await world.imat.create('counts', 'SELECT k, count(*) AS n FROM public.t GROUP BY k');
    const [open, prepared] = [await world.session(), await world.session()];
    await open.sql(
      `SET application_name = 'a report'; SET idle_in_transaction_session_timeout = 0;
       BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM other`,
    );
    await prepared.sql(`BEGIN; INSERT INTO other VALUES (1); PREPARE TRANSACTION 'held back'`);
    expect((await world.imat.status()).heldBack).toEqual([]);
    const reasons = async (): Promise<string> => (await world.imat.status()).heldBack.join('\n');
    await until(
      'both are named',
      async () => /a report/.test(await reasons()) && /held back/.test(await reasons()),
      200_000,
    );
    expect((await world.imat.status()).heldBack.toSorted()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^a transaction of process ${open.pid} \\(a report, role \\w+\\) has ` +
            'been open for 00:0[1-9]:\\d\\d: deleted log rows',
        ),
      ),
      expect.stringMatching(
        /^the prepared transaction "held back" has been waiting for 00:0[1-9]:\d\d: deleted log /,
      ),
    ]);
    await open.sql('COMMIT');
    await world.sql(`ROLLBACK PREPARED 'held back'`);
    expect((await world.imat.status()).heldBack).toEqual([]);
  } finally {
    await world.sql(`ROLLBACK PREPARED 'held back'`).catch(() => undefined);
    await world.drop();
  }
});
