/** What errors advise where a name is not what it should be, or an imat is not ready. */
import { describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { inPreparedSandbox } from './support/sandbox.ts';

const HINTED = `CREATE TABLE t (id int, g text);
  CREATE VIEW "Pl""ain 'x'" AS SELECT * FROM t;
  CREATE MATERIALIZED VIEW "My ""View" AS SELECT g, count(*) AS n FROM t GROUP BY g;
  CREATE MATERIALIZED VIEW sums AS SELECT g, count(*) AS n FROM t GROUP BY g`;

describe('what a hint says', () => {
  test('can be run as it is: names with quotes and blanks are one word', async () => {
    await inPreparedSandbox(HINTED, async (sandbox) => {
      const isView = await expectImatError('not_a_materialized_view', () =>
        sandbox.imat.convert(`"Pl""ain 'x'"`),
      );
      expect(isView.hint).toContain(
        String.raw`'Pl"ain '\''x'\''' --query 'SELECT * FROM "Pl""ain '\''x'\''"' makes`,
      );
      await sandbox.imat.convert('"My ""View"');
      const isImat = await expectImatError('already_exists', () =>
        sandbox.imat.convert('imat."My ""View"', { name: 'other' }),
      );
      expect(isImat.hint).toBe(
        `imat status 'My "View' shows it; imat revert 'My "View' removes it.`,
      );
      const isThere = await expectImatError('already_exists', () =>
        sandbox.imat.convert('imat."My ""View"'),
      );
      expect(isThere.hint).toContain(`or run imat revert 'My "View' first.`);
    });
  });

  test('names what is near in another case', async () => {
    await inPreparedSandbox(HINTED, async (sandbox) => {
      await sandbox.imat.convert('sums');
      await sandbox.imat.convert('"My ""View"');
      const error = await expectImatError('not_found', () => sandbox.imat.status('imat.SUMS'));
      expect(error.hint).toBe('Did you mean sums?');
    });
  });

  test('of an imat that is not loaded, which is neither verified nor granted', async () => {
    await inPreparedSandbox(HINTED, async (sandbox) => {
      await sandbox.imat.convert('sums');
      for (const [state, hint] of [
        ['installing', 'run imat repair sums.'],
        ['reverting', 'imat revert sums finishes its revert.'],
      ] as const) {
        await sandbox.sql(`UPDATE imat_catalog.imat SET state = '${state}'`);
        for (const call of ['verify', 'grant'] as const) {
          const error = await expectImatError('frontier_missing', () => sandbox.imat[call]('sums'));
          expect(error.hint).toContain(hint);
        }
      }
    });
  });
});

test('a name with the schema of imats before it is refused', async () => {
  await inPreparedSandbox(HINTED, async (sandbox) => {
    for (const call of [
      () => sandbox.imat.create('imat.made', 'SELECT count(*) AS n FROM t'),
      () => sandbox.imat.convert('sums', { name: 'imat.made' }),
    ])
      expect(await expectImatError('invalid_argument', call)).toMatchObject({
        detail: 'It would be read as imat."imat.made".',
        hint: 'Leave the schema out: made.',
      });
  });
});
