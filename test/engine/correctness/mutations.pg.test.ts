/**
 * Known wrong rules, put into the SQL that imat installed: the oracle must find every one of them.
 */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { FOLD, failureOf, useBench } from './support/bench.ts';
import type { Subject } from './support/bench.ts';
import { CAPTURES, CURRENT, MUTATIONS, READERS, VALUES } from './support/mutations.ts';
import type { Definition, Mutation } from './support/mutations.ts';
import { differences } from './support/oracle.ts';

const bench = useBench(
  'CREATE TABLE t (k text, x numeric, y int); CREATE TABLE d (k text, label text)',
);

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
  'DELETE FROM t WHERE k IS NULL',
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
];

/**
 * Before this step ends a transaction that began before the first: it was in progress at two
 * frontiers.
 */
const WRITER_ENDS = 12;

let writer: Db;
let laggard: Subject | null = null;
beforeAll(async () => {
  writer = await bench.connect();
});

const restore: string[] = [];
afterEach(async () => {
  for (const statement of restore.splice(0)) await bench.user.execute(statement);
});

/**
 * Another imat on the same table that is never folded, so that the log keeps what it needs; and a
 * transaction that is open for a while.
 */
async function prepare(definition: Definition): Promise<Subject> {
  await bench.user.execute('TRUNCATE t, d');
  const subject = await bench.convert(definition, { name: 'mutant' });
  laggard = await bench.convert('SELECT k, x, y FROM t', { name: 'laggard' });
  return subject;
}

/**
 * The first step after which the oracle, or imat itself, finds something wrong; null where neither
 * does.
 */
async function firstFinding(subject: Subject): Promise<string | null> {
  await writer.execute("BEGIN; INSERT INTO t VALUES ('w', 1, 1)");
  try {
    for (const [index, step] of HISTORY.entries()) {
      if (index === WRITER_ENDS) await writer.execute('COMMIT');
      if (await finds(subject, step)) return step;
    }
    return null;
  } finally {
    await writer.execute('ROLLBACK');
    await bench.user.execute('ROLLBACK');
  }
}

async function finds(subject: Subject, step: string): Promise<boolean> {
  try {
    if (step === FOLD) await bench.imat.fold(subject.name);
    else await bench.user.execute(step);
    for (const one of [subject, laggard])
      if (one !== null && (await differences(bench.user, one)).length > 0) return true;
    return false;
  } catch {
    // Where the definition fails as well, that is right.
    return (await failureOf(bench.user, subject.definition)) === null;
  }
}

async function mutate({ at, wrong }: Mutation): Promise<number> {
  const installed = (await bench.imat.explain('mutant')).sql;
  const views = [CURRENT, READERS].map(
    (label) => installed.find((one) => label.test(one.label))?.sql ?? '',
  );
  const statements =
    'catalog' in at
      ? await catalogFunction(at.catalog)
      : installed.filter((one) => at.test(one.label)).map((one) => one.sql);
  let changed = 0;
  for (const statement of statements) {
    const mutated = wrong.reduce((text, [from, to]) => text.replace(from, to), statement);
    if (mutated === statement) continue;
    changed += 1;
    if ('catalog' in at) restore.push(statement);
    await bench.user.execute(at === VALUES ? replacingValues(mutated, views) : replacing(mutated));
  }
  return changed;
}

const catalogFunction = async (name: string): Promise<string[]> =>
  (
    await bench.user.query<{ text: string }>(
      `SELECT pg_catalog.pg_get_functiondef(p.oid) AS text
       FROM pg_catalog.pg_proc p
       WHERE p.oid = $1::pg_catalog.regproc`,
      [name],
    )
  ).map((row) => row.text);

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

describe('the oracle finds', () => {
  for (const mutation of MUTATIONS) {
    // Where the extension captures there is no SQL to put them into.
    test.skipIf(
      mutation.at === CAPTURES && WITH_EXTENSION && mutation.name !== 'a truncation is not logged',
    )(mutation.name, async () => {
      const subject = await prepare(mutation.definition);
      expect(await mutate(mutation), 'the mutation changes the SQL').toBeGreaterThan(0);
      expect(await firstFinding(subject)).not.toBeNull();
    });
  }

  test.each([...new Set(MUTATIONS.map((mutation) => mutation.definition))])(
    'nothing where nothing is wrong: %s',
    async (definition) => {
      expect(await firstFinding(await prepare(definition))).toBeNull();
    },
  );
});
