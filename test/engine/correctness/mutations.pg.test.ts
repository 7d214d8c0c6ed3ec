/**
 * Known wrong rules, put into the SQL that imat installed: the oracle must find every one of them.
 */
import { describe, expect, test } from 'vitest';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { type Session, usePreparedWorlds, type World } from '../commands/support/world.ts';
import { FOLD, failureOf } from './support/bench.ts';
import { CAPTURES, CURRENT, MUTATIONS, READERS, VALUES } from './support/mutations.ts';
import type { Definition, Mutation } from './support/mutations.ts';
import { RECURSION_HISTORY } from './support/recursion-mutations.ts';
import { columnsOf, type Compared, differences } from './support/oracle.ts';

const TABLES = `CREATE TABLE t (k text, x numeric, y int); CREATE TABLE d (k text, label text);
  CREATE TABLE p (id int PRIMARY KEY, kind text)`;

const HISTORY: readonly string[] = [
  "INSERT INTO t VALUES ('a', 1.5, 3), ('a', 2, 1), ('b', 99, 1), (NULL, 7, 1), ('c', NULL, 2)",
  FOLD,
  "INSERT INTO t VALUES (NULL, 8.25, 2), ('a', 2, 1), ('a', 2.0, 4), ('a', 2.0, 4)",
  "UPDATE t SET x = x + 1 WHERE k = 'a'",
  FOLD,
  "UPDATE t SET x = x + 1 WHERE k = 'a'",
  FOLD,
  "UPDATE t SET x = x - 1 WHERE k = 'a'",
  FOLD,
  "UPDATE t SET x = 3.000 WHERE k = 'a' AND x = 3",
  'DELETE FROM t WHERE x = 8.25',
  "UPDATE t SET k = 'b' WHERE k = 'c'",
  'BEGIN',
  "INSERT INTO t VALUES ('d', 4, 2)",
  "INSERT INTO d VALUES ('d', 'delta'), ('a', 'alpha'), ('a', NULL), ('b', 'beta')",
  'COMMIT',
  FOLD,
  'BEGIN',
  "UPDATE d SET label = upper(label) WHERE k IN ('a', 'd')",
  "DELETE FROM t WHERE k = 'd'",
  "INSERT INTO t VALUES ('a', 5, 2), ('a', 5, 2)",
  'COMMIT',
  FOLD,
  `INSERT INTO t
   VALUES ('a', 'NaN', 2), ('e', 12345, 20001), ('e', 1, 98), ('e', 1, 40321), ('e', 2, 7),
     ('f', 1, 0)`,
  'DELETE FROM t WHERE y = 0',
  FOLD,
  "DELETE FROM t WHERE x = 'NaN'",
  FOLD,
  "UPDATE t SET y = y * 37 + 11 WHERE k = 'e'",
  "UPDATE t SET y = y * 7 + 1 WHERE k = 'e'",
  "UPDATE t SET y = y * 3 + 5 WHERE k = 'e'",
  "DELETE FROM t WHERE k = 'e' AND y > 100000",
  FOLD,
  // the last row of more groups than are looked up one by one, and of the one without a key
  "INSERT INTO t SELECT 'g' || i, i, i * j FROM generate_series(1, 6) i, generate_series(1, 2) j",
  'INSERT INTO t VALUES (NULL, 5, 77), (NULL, 5, 88)',
  FOLD,
  'DELETE FROM t WHERE k IS NULL AND y = 88',
  FOLD,
  "DELETE FROM t WHERE k LIKE 'g%' AND y = 2 * x",
  FOLD,
  'DELETE FROM t WHERE k IS NULL',
  // the last row of a group becomes one in the middle, and the one before it goes
  "INSERT INTO d VALUES ('h', 'eta')",
  "INSERT INTO t VALUES ('h', 1, 99), ('h', 3, 10), ('h', 3, 20), ('h', 3, 30), ('h', 2, 199)",
  FOLD,
  "UPDATE t SET y = 15 WHERE k = 'h' AND y > 100",
  FOLD,
  "INSERT INTO t VALUES ('h', 3, 5)",
  FOLD,
  "DELETE FROM t WHERE k = 'h' AND y = 30",
  FOLD,
  // a row without a partner gets one, and loses it
  "INSERT INTO t VALUES ('z', 1, 1)",
  FOLD,
  "INSERT INTO d VALUES ('z', 'zeta')",
  FOLD,
  "DELETE FROM d WHERE k = 'z'",
  FOLD,
  'TRUNCATE t',
  FOLD,
  "INSERT INTO t VALUES ('a', 1, 1)",
  // rows that are met by their primary key: one that is there, one that comes, one that goes
  "INSERT INTO p VALUES (1, 'a'), (2, 'b')",
  FOLD,
  "INSERT INTO t VALUES ('a', 5, 1), ('b', 6, 1), ('b', 7, 2)",
  FOLD,
  "UPDATE p SET kind = 'a' WHERE id = 2",
  FOLD,
  'BEGIN',
  "DELETE FROM t WHERE k = 'b' AND y = 2",
  'DELETE FROM p WHERE id = 2',
  'COMMIT',
  FOLD,
  'DELETE FROM p WHERE id = 1',
  ...RECURSION_HISTORY,
];

/**
 * Before this step ends a transaction that began before the first: it was in progress at two
 * frontiers.
 */
const WRITER_ENDS = 12;

/** Another imat on the same table that is never folded, so that the log keeps what it needs. */
const LAGGARD = 'SELECT k, x, y FROM t';

const compared = async (
  world: World,
  name: string,
  definition: string,
): Promise<Compared & { readonly name: string }> => {
  const relation = `imat.${name}`;
  const columns = await columnsOf(world.db, relation);
  return { name, relation, definition, columns, ambiguous: [] };
};

/**
 * The first step after which the oracle, or imat itself, finds something wrong; null where neither
 * does.
 */
async function firstFinding(world: World, definition: Definition): Promise<string | null> {
  const subjects = [
    await compared(world, 'mutant', definition),
    await compared(world, 'laggard', LAGGARD),
  ];
  const writer = await world.session();
  await writer.sql("BEGIN; INSERT INTO t VALUES ('w', 1, 1)");
  for (const [index, step] of HISTORY.entries()) {
    if (index === WRITER_ENDS) await writer.sql('COMMIT');
    if (await finds(world, subjects, step)) return step;
  }
  return null;
}

async function finds(
  { imat, db }: World,
  subjects: readonly Compared[],
  step: string,
): Promise<boolean> {
  try {
    if (step === FOLD) await imat.fold('mutant');
    else await db.execute(step);
    for (const one of subjects) if ((await differences(db, one)).length > 0) return true;
    return false;
  } catch {
    // Where the definition fails as well, that is right.
    return (await failureOf(db, subjects[0]?.definition ?? '')) === null;
  }
}

type Installed = Awaited<ReturnType<World['imat']['explain']>>['sql'];

/** @returns how many statements are others now */
async function mutate(
  world: World,
  installed: Installed,
  { at, wrong }: Mutation,
): Promise<number> {
  const views = [CURRENT, READERS].map(
    (label) => installed.find((one) => label.test(one.label))?.sql ?? '',
  );
  const statements =
    'catalog' in at
      ? await catalogFunction(world, at.catalog)
      : installed.filter((one) => at.test(one.label)).map((one) => one.sql);
  let changed = 0;
  for (const statement of statements) {
    const mutated = wrong.reduce((text, [from, to]) => text.replace(from, to), statement);
    if (mutated === statement) continue;
    changed += 1;
    await world.sql(at === VALUES ? replacingValues(mutated, views) : replacing(mutated));
  }
  return changed;
}

const catalogFunction = async (session: Session, name: string): Promise<string[]> => [
  await session.value<string>(
    `SELECT pg_catalog.pg_get_functiondef('${name}'::pg_catalog.regproc)`,
  ),
];

function replacing(statement: string): string {
  if (statement.startsWith('CREATE VIEW'))
    return statement.replace('CREATE VIEW', 'CREATE OR REPLACE VIEW');
  if (!statement.startsWith('CREATE UNIQUE INDEX')) return statement;
  return `DROP INDEX imat_store.state_mutant_k_idx; ${statement}`;
}

/** A generated column's expression cannot be changed in place. */
function replacingValues(statement: string, views: readonly string[]): string {
  const drops = [...statement.matchAll(/ADD COLUMN (\w+)/g)].map(
    ([, column]) => `DROP COLUMN ${column}`,
  );
  return `DROP VIEW imat.mutant, imat_store.current_mutant;
    ALTER TABLE imat_store.state_mutant ${drops.join(', ')};
    ${statement};
    ${views.join(';\n')};
    UPDATE imat_catalog.imat SET relation_text = 'imat.mutant'::regclass WHERE name = 'mutant'`;
}

const DEFINITIONS = [...new Set(MUTATIONS.map(({ definition }) => definition))];

describe.each(DEFINITIONS)('the oracle finds in %s', (definition) => {
  const convertedWorld = usePreparedWorlds(TABLES, [
    { name: 'mutant', definition },
    { name: 'laggard', definition: LAGGARD },
  ]);
  let installed: Installed | null = null;
  const inWorld = async (body: (world: World) => Promise<void>): Promise<void> => {
    const world = await convertedWorld();
    try {
      await body(world);
    } finally {
      await world.drop();
    }
  };

  for (const mutation of MUTATIONS.filter((one) => one.definition === definition)) {
    // Where the extension captures there is no SQL to put them into.
    test.skipIf(
      mutation.at === CAPTURES && WITH_EXTENSION && mutation.name !== 'a truncation is not logged',
    )(mutation.name, () =>
      inWorld(async (world) => {
        installed ??= (await world.imat.explain('mutant')).sql;
        const changed = await mutate(world, installed, mutation);
        expect(changed, 'the mutation changes the SQL').toBeGreaterThan(0);
        expect(await firstFinding(world, definition)).not.toBeNull();
      }),
    );
  }

  test('nothing where nothing is wrong', () =>
    inWorld(async (world) => {
      expect(await firstFinding(world, definition)).toBeNull();
    }));
});
