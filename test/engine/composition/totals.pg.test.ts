/** Totals that no rule maintains, computed from stored rows if these are few. */
import { expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { inPreparedSandbox } from '../commands/support/sandbox.ts';

/** Of 30,000 tickets some are open, and few teams are small. */
const TABLES = `
CREATE TABLE team (id int PRIMARY KEY, name text, size int);
INSERT INTO team SELECT i, 'team ' || i % 7, i % 50 FROM generate_series(1, 200) AS i;
CREATE TABLE ticket (id int PRIMARY KEY, team int, state text, hours numeric(6, 2), opened date);
INSERT INTO ticket SELECT i, i % 250, CASE WHEN i % 300 = 0 THEN 'open' ELSE 'done' END,
    nullif(i % 40, 7) / 4.0, date '2026-01-01' + i % 90
  FROM generate_series(1, 30000) AS i;
ANALYZE team;
ANALYZE ticket;`;

const FEW = {
  open_list: `SELECT string_agg(t.id::text, ', ' ORDER BY t.opened, t.id) AS ids, count(*) AS n
    FROM public.ticket t WHERE t.state = 'open'`,
  open_hours: `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t.hours) AS median,
      mode() WITHIN GROUP (ORDER BY t.team) AS busiest, avg(t.hours) AS mean
    FROM public.ticket t WHERE t.state = 'open'`,
  small_teams: `SELECT jsonb_agg(t.id ORDER BY t.id) FILTER (WHERE t.hours > 3) AS long,
      array_agg(DISTINCT m.name ORDER BY m.name) AS names
    FROM public.ticket t JOIN public.team m ON m.id = t.team
    WHERE m.size < 2 AND t.state = 'open'`,
  many_open: `SELECT array_agg(10 / (t.id - 300) ORDER BY t.id) AS parts FROM public.ticket t
    WHERE t.state = 'open' AND t.id <> 300 HAVING count(*) > 99`,
  open_beside: `SELECT m.size, count(*) AS teams,
      (SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY t.hours) FROM public.ticket t
       WHERE t.state = 'open') AS slow
    FROM public.team m GROUP BY m.size`,
} as const;

const CHANGES = [
  `INSERT INTO ticket VALUES (40001, 1, 'open', 99, NULL), (40002, NULL, 'open', NULL, NULL)`,
  `UPDATE ticket SET state = 'open' WHERE id BETWEEN 10 AND 14`,
  `UPDATE ticket SET state = NULL WHERE id = 600`,
  `UPDATE team SET size = 1 WHERE id % 50 = 3`,
  `BEGIN; SAVEPOINT a; DELETE FROM ticket; ROLLBACK TO a;
   DELETE FROM ticket WHERE id = 900; COMMIT`,
  `BEGIN; UPDATE ticket SET hours = 0; ROLLBACK`,
  `DELETE FROM ticket WHERE state = 'open'`,
  `INSERT INTO ticket SELECT i, i % 9, 'open', 1, NULL FROM generate_series(50000, 50200) AS i`,
  'TRUNCATE ticket',
  `INSERT INTO ticket VALUES (1, 50, 'open', 2, '2026-02-01'), (2, 50, 'open', 2, NULL)`,
];

async function expectAll(sandbox: Sandbox, context: string): Promise<void> {
  for (const [name, definition] of Object.entries(FEW))
    await expectEqual(sandbox.db, `imat.${name}`, definition, context);
}

test('from few rows they are computed at each read', async () => {
  await inPreparedSandbox(TABLES, async (sandbox) => {
    for (const [name, definition] of Object.entries(FEW)) {
      await sandbox.sql(`CREATE MATERIALIZED VIEW ${name} AS ${definition}`);
      expect(await sandbox.imat.convert(name)).toMatchObject({ strategy: 'delta', reasons: [] });
    }
    const { residual, stores } = await sandbox.imat.explain('open_hours');
    expect(residual).toContain('percentile_cont');
    expect(stores).toMatchObject([{ rule: 'add' }]);
    const other = await sandbox.session();
    for (const [index, change] of CHANGES.entries()) {
      await other.sql(change);
      await expectAll(sandbox, change);
      // As many changes are read from the log as from what is stored.
      if (index % 2 === 0) continue;
      for (const name of Object.keys(FEW)) await sandbox.imat.fold(name);
      await expectAll(sandbox, `folded after ${change}`);
    }
    // Of a table that has become small the whole is computed anew.
    await sandbox.sql('ANALYZE ticket');
    await sandbox.imat.repair('open_list');
    expect((await sandbox.imat.explain('open_list')).strategy).toBe('swap');
    await expectAll(sandbox, 'repaired');
  });
});

test.each([
  ['all rows are read', `SELECT array_agg(id ORDER BY id) AS ids FROM ticket`],
  [
    'there are no statistics',
    `SELECT string_agg(note, ', ' ORDER BY id) AS notes FROM unknown WHERE id = 1`,
  ],
  ['a table is small', 'SELECT array_agg(name ORDER BY id) AS names FROM team WHERE size = 1'],
])('the whole is computed anew where %s', async (_, definition) => {
  await inPreparedSandbox(`${TABLES} CREATE TABLE unknown (id int, note text)`, async (sandbox) => {
    expect((await sandbox.imat.explain(definition, { query: true })).strategy).toBe('swap');
  });
});
