/** Every way in which PostgreSQL lets a table be written. */
import type { Checked } from '../../commands/support/world.ts';

export const SCHEMA = `
CREATE TABLE parent (id int PRIMARY KEY, kind text, note text);
CREATE TABLE child (
  id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE,
  amount numeric, note text,
  twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
CREATE TABLE orphan (
  id int PRIMARY KEY, parent_id int REFERENCES parent ON DELETE SET NULL ON UPDATE CASCADE,
  amount numeric
);
CREATE TABLE tree (
  id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE ON UPDATE CASCADE, amount numeric
);
CREATE TABLE audit (id int GENERATED ALWAYS AS IDENTITY, what text, n bigint);
CREATE TABLE keyless (a int, b text);
INSERT INTO parent SELECT i, 'k' || i % 3, 'n' FROM generate_series(1, 12) AS i;
INSERT INTO child (id, parent_id, amount)
SELECT i, 1 + i % 12, i / 4.0 FROM generate_series(1, 60) AS i;
INSERT INTO orphan SELECT i, 1 + i % 12, i FROM generate_series(1, 30) AS i;
INSERT INTO tree SELECT i, NULLIF(i / 3, 0), i FROM generate_series(1, 40) AS i;
INSERT INTO keyless SELECT i % 4, 'b' || i % 2 FROM generate_series(1, 20) AS i;

CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO audit (what, n)
  VALUES (TG_NAME || ' ' || TG_OP, CASE WHEN TG_LEVEL = 'ROW' THEN COALESCE(NEW.id, OLD.id) END);
  RETURN NULL;
END $$;
CREATE TRIGGER zz_row AFTER UPDATE ON orphan FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER zz_statement AFTER INSERT OR DELETE ON orphan
FOR EACH STATEMENT
EXECUTE FUNCTION tell();
CREATE FUNCTION tell_keyless() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO audit (what, n) VALUES ('deferred', NEW.a);
  UPDATE tree SET amount = amount + 1 WHERE id = NEW.a + 1;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON keyless DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW
EXECUTE FUNCTION tell_keyless();`;

export const IMATS: readonly Checked[] = [
  {
    name: 'per_kind',
    definition: `SELECT p.kind, count(*) AS n, sum(c.amount) AS total, sum(c.twice) AS twice
      FROM public.parent p JOIN public.child c ON c.parent_id = p.id
      GROUP BY p.kind`,
  },
  {
    name: 'amounts',
    definition: 'SELECT amount, parent_id FROM public.child WHERE amount > 2',
    by: 'amount::text, parent_id',
  },
  {
    name: 'orphans',
    definition:
      'SELECT parent_id, count(*) AS n, sum(amount) AS total FROM public.orphan GROUP BY parent_id',
  },
  {
    name: 'trees',
    definition: 'SELECT up, count(*) AS n, sum(amount) AS total FROM public.tree GROUP BY up',
  },
  {
    name: 'audits',
    definition: 'SELECT what, count(*) AS times, sum(n) AS n FROM public.audit GROUP BY what',
  },
  { name: 'pairs', definition: 'SELECT a, b FROM public.keyless' },
];

type Path = {
  readonly name: string;
  readonly steps: readonly string[];
  /** Rows that all steps together must add to the log of `child`, where it is one of rows. */
  readonly logged?: number;
  /** Needs transactions of its own. */
  readonly alone?: true;
};

export const PATHS: readonly Path[] = [
  {
    name: 'INSERT of one row, of several, of none',
    steps: [
      'INSERT INTO child (id, parent_id, amount) VALUES (901, 1, 5)',
      'INSERT INTO child (id, parent_id, amount) VALUES (902, 2, 6), (903, 3, NULL), (904, 3, 6)',
      'INSERT INTO child (id, parent_id) SELECT 1, 1 WHERE false',
    ],
    logged: 4,
  },
  {
    name: 'INSERT ... SELECT from itself',
    steps: [
      'INSERT INTO child (id, parent_id, amount) SELECT id + 1000, parent_id, amount FROM child',
      'INSERT INTO keyless SELECT * FROM keyless',
    ],
  },
  {
    name: 'INSERT ... ON CONFLICT DO NOTHING',
    steps: [
      `INSERT INTO child (id, parent_id, amount)
       VALUES (1, 1, 99), (901, 1, 5), (901, 1, 6)
       ON CONFLICT DO NOTHING`,
    ],
    logged: 1,
  },
  {
    name: 'INSERT ... ON CONFLICT DO UPDATE',
    steps: [
      `INSERT INTO child AS c (id, parent_id, amount)
       VALUES (1, 1, 99), (2, 5, 98), (901, 1, 5)
       ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount, parent_id = EXCLUDED.parent_id
       WHERE c.id <> 3`,
      `INSERT INTO child (id, parent_id, amount)
       VALUES (4, 1, 1)
       ON CONFLICT (id) DO UPDATE SET note = $$only$$`,
    ],
    logged: 5,
  },
  {
    name: 'INSERT ... RETURNING, DEFAULT VALUES',
    steps: [
      'INSERT INTO child (id, parent_id, amount) VALUES (901, 1, 5) RETURNING *',
      'INSERT INTO keyless DEFAULT VALUES',
    ],
    logged: 1,
  },
  {
    name: 'UPDATE of logged columns, keys among them',
    steps: [
      'UPDATE child SET amount = amount + 1 WHERE id < 10',
      'UPDATE child SET parent_id = 13 - parent_id',
      'UPDATE child SET amount = NULL WHERE id = 20',
      'UPDATE child SET amount = 7 WHERE id = 20',
      'UPDATE parent SET kind = NULL WHERE id < 4',
      `UPDATE parent SET kind = 'x' WHERE kind IS NULL`,
    ],
  },
  {
    name: 'UPDATE of other columns',
    steps: [
      `UPDATE child SET note = 'x'`,
      'UPDATE child SET note = NULL, amount = amount, parent_id = parent_id',
    ],
    logged: 0,
  },
  {
    name: 'UPDATE that swaps the values of rows',
    steps: [
      `UPDATE child
       SET amount = CASE id WHEN 1 THEN 0.5 ELSE 0.25 END, parent_id = 2
       WHERE id IN (1, 2)`,
    ],
  },
  {
    name: 'UPDATE and DELETE of no row',
    steps: ['UPDATE child SET amount = 0 WHERE id < 0', 'DELETE FROM child WHERE id < 0'],
    logged: 0,
  },
  {
    name: 'UPDATE ... FROM',
    steps: [
      `UPDATE child c
       SET amount = c.amount + p.id
       FROM parent p
       WHERE p.id = c.parent_id AND p.kind = 'k1'`,
    ],
  },
  {
    name: 'UPDATE through a cursor',
    steps: [
      `DO $$
         DECLARE r record;
         c CURSOR FOR SELECT * FROM child WHERE id < 4 FOR UPDATE;
         BEGIN
           FOR r IN c LOOP
             UPDATE child SET amount = 11 WHERE CURRENT OF c;
           END LOOP;
         END
       $$`,
    ],
    logged: 6,
  },
  {
    name: 'DELETE, DELETE ... USING, DELETE of all',
    steps: [
      'DELETE FROM child WHERE id = 7',
      `DELETE FROM child c USING parent p WHERE p.id = c.parent_id AND p.kind = 'k2'`,
      'DELETE FROM keyless WHERE a = 1',
      'DELETE FROM child',
      'DELETE FROM keyless',
    ],
  },
  {
    name: 'MERGE with every action',
    steps: [
      `MERGE INTO child c USING (
         SELECT i AS id, i * 2 AS amount FROM generate_series(50, 70) AS i
       ) s ON s.id = c.id
      WHEN MATCHED AND s.id < 54 THEN DELETE
        WHEN MATCHED AND s.id < 57 THEN DO NOTHING
        WHEN MATCHED THEN UPDATE SET amount = s.amount
      WHEN NOT MATCHED THEN INSERT (id, parent_id, amount) VALUES (s.id, 1, s.amount)`,
    ],
  },
  {
    name: 'COPY',
    steps: [
      `COPY child (id, parent_id, amount) FROM PROGRAM 'printf "901\\t1\\t5\\n` +
        `902\\t2\\t\\\\\\\\N\\n903\\t2\\t1.50\\n"'`,
      `COPY keyless FROM PROGRAM 'printf "1\\tx\\n1\\tx\\n"'`,
    ],
    logged: 3,
  },
  {
    name: 'data-modifying CTEs, on one table several times',
    steps: [
      `WITH a AS (INSERT INTO child (id, parent_id, amount) VALUES (901, 1, 5) RETURNING id),
         b AS (INSERT INTO child (id, parent_id, amount) VALUES (902, 2, 6) RETURNING id),
      c AS (UPDATE child SET amount = 3 WHERE id < 5 RETURNING id),
      d AS (DELETE FROM child WHERE id BETWEEN 10 AND 14 RETURNING *),
      e AS (UPDATE child SET amount = 4 WHERE id BETWEEN 20 AND 22 RETURNING id),
      f AS (DELETE FROM orphan WHERE id < 5 RETURNING id) INSERT INTO orphan
      SELECT id + 2000, parent_id, amount
      FROM d`,
    ],
  },
  {
    name: 'foreign keys: ON DELETE CASCADE and SET NULL',
    steps: [
      'DELETE FROM parent WHERE id = 3',
      'DELETE FROM parent WHERE id IN (4, 5)',
      'DELETE FROM parent',
    ],
  },
  {
    name: 'foreign keys: ON UPDATE CASCADE',
    steps: [
      'UPDATE parent SET id = 30 WHERE id = 3',
      'UPDATE parent SET id = id + 100',
      'UPDATE tree SET id = id + 100',
    ],
  },
  {
    name: 'foreign keys to the table itself, many levels deep',
    steps: [
      'DELETE FROM tree WHERE id = 4',
      'DELETE FROM tree WHERE id IN (2, 3)',
      'DELETE FROM tree',
    ],
  },
  {
    name: 'triggers that write to other sources',
    steps: [
      'UPDATE orphan SET amount = amount + 1 WHERE id < 4',
      'INSERT INTO orphan VALUES (901, 1, 1), (902, NULL, 2)',
      'DELETE FROM orphan WHERE id < 3',
      'DELETE FROM orphan WHERE id < 0',
    ],
  },
  {
    name: 'deferred constraint triggers that write to other sources',
    steps: [
      `INSERT INTO keyless VALUES (1, 'x'), (2, 'y')`,
      'SET CONSTRAINTS ALL IMMEDIATE',
      `INSERT INTO keyless VALUES (3, 'z')`,
    ],
  },
  {
    name: 'savepoints, released and rolled back',
    steps: [
      'INSERT INTO child (id, parent_id, amount) VALUES (901, 1, 5)',
      'SAVEPOINT a',
      'DELETE FROM child',
      'SAVEPOINT b',
      'INSERT INTO child (id, parent_id, amount) VALUES (902, 1, 5)',
      'ROLLBACK TO b',
      'INSERT INTO child (id, parent_id, amount) VALUES (903, 1, 6)',
      'RELEASE b',
      'ROLLBACK TO a',
      'UPDATE child SET amount = 1 WHERE id = 1',
      'RELEASE a',
    ],
    alone: true,
  },
  {
    name: 'a block whose exception is caught',
    steps: [
      `DO $$ BEGIN INSERT INTO child (id, parent_id, amount) VALUES (901, 1, 5);
      BEGIN
        DELETE FROM child;
        INSERT INTO child (id, parent_id) VALUES (902, -1);
      EXCEPTION WHEN foreign_key_violation THEN
        UPDATE child SET amount = 0 WHERE id = 901;
      END;
      END $$`,
    ],
  },
  {
    name: 'TRUNCATE, of several tables, RESTART IDENTITY, CASCADE, of an empty table',
    steps: [
      'TRUNCATE keyless',
      'TRUNCATE keyless',
      'TRUNCATE audit, tree RESTART IDENTITY',
      `INSERT INTO audit (what, n) VALUES ('again', 1)`,
      'TRUNCATE audit',
      'TRUNCATE parent CASCADE',
      `INSERT INTO parent VALUES (1, 'back', NULL)`,
      'INSERT INTO child (id, parent_id, amount) VALUES (1, 1, 1)',
    ],
  },
  {
    name: 'TRUNCATE between other changes of the same transaction',
    steps: [
      'INSERT INTO tree VALUES (900, NULL, 1)',
      'DELETE FROM tree WHERE id < 5',
      'TRUNCATE tree',
      'INSERT INTO tree VALUES (901, NULL, 2)',
      'SAVEPOINT a',
      'TRUNCATE tree',
      'ROLLBACK TO a',
      'UPDATE tree SET amount = 3',
      'TRUNCATE tree',
      'INSERT INTO tree VALUES (902, NULL, 2)',
    ],
    alone: true,
  },
  {
    name: 'session_replication_role = replica',
    steps: [
      'SET LOCAL session_replication_role = replica',
      'INSERT INTO child (id, parent_id, amount) VALUES (901, 1, 5)',
      'UPDATE child SET amount = 2 WHERE id = 1',
      'DELETE FROM child WHERE id = 2',
      'TRUNCATE keyless',
    ],
    logged: 4,
    alone: true,
  },
  {
    name: 'both sides of a join in one statement and in one transaction',
    steps: [
      `WITH a AS (
         UPDATE parent SET kind = 'k9' WHERE id < 6
       ) UPDATE child SET parent_id = 13 - parent_id,
         amount = amount * 2`,
      `INSERT INTO parent VALUES (50, 'k9', NULL)`,
      'UPDATE child SET parent_id = 50 WHERE id < 20',
      `DELETE FROM child WHERE parent_id < 6`,
      'DELETE FROM parent WHERE id < 6',
    ],
  },
  {
    name: 'EXECUTE, PREPARE, functions and rules',
    steps: [
      'PREPARE p AS UPDATE child SET amount = $1 WHERE id = $2',
      'EXECUTE p (5, 1)',
      'EXECUTE p (6, 2)',
      'DEALLOCATE p',
    ],
    logged: 4,
  },
];
