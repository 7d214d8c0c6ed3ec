/** Gives what was built beside an imat the names that it has in its place. */
import { quoteIdent } from '../../parser/quote.ts';
import type { Db } from '../db/db.ts';
import { namesOfStores } from '../generate/stores.ts';
import type { Plan } from '../plan/plan.ts';
import type { ImatNames, StoreName, StoreNames } from '../sql/names.ts';

/** What names others in text, the functions, is made anew under its final name. */
export async function renameStored(
  db: Db,
  from: ImatNames,
  to: ImatNames,
  plan: Plan | null,
): Promise<void> {
  db.defer(`DROP FUNCTION IF EXISTS ${from.fold.sql.text}(boolean)`);
  const former = namesOfStores(from, plan);
  for (const [index, names] of namesOfStores(to, plan).entries())
    await renameStore(db, former[index] ?? from, names);
  const pairs = [
    ['TABLE', from.slots[0], to.slots[0]],
    ['TABLE', from.labels, to.labels],
    ['VIEW', from.elapsed, to.elapsed],
    ['VIEW', from.definition, to.definition],
  ] as const;
  await renameAll(db, pairs);
}

async function renameStore(db: Db, from: StoreNames, to: StoreNames): Promise<void> {
  db.defer(`DROP FUNCTION IF EXISTS ${from.fold.sql.text}(boolean)`);
  db.defer(`DROP FUNCTION IF EXISTS ${from.refold.sql.text}`);
  for (const kind of [
    'computed',
    'answered',
    'recomputed',
    'changes',
    'merged',
    'derived',
  ] as const)
    await renameFunction(db, from[kind], to[kind]);
  const pairs = [
    ['TABLE', from.state, to.state],
    ['VIEW', from.live, to.live],
    ['VIEW', from.now, to.now],
    ['VIEW', from.kept, to.kept],
    ['VIEW', from.rowsNow, to.rowsNow],
    ['VIEW', from.rowsNull, to.rowsNull],
    ['VIEW', from.contentKept, to.contentKept],
    ['VIEW', from.pending, to.pending],
    ...from.parts.map((part, index) => ['VIEW', part, to.parts[index] ?? part] as const),
    ['VIEW', from.delta, to.delta],
    ['VIEW', from.netted, to.netted],
    ['VIEW', from.content, to.content],
    ['VIEW', from.answer, to.answer],
    ['VIEW', from.regrouped, to.regrouped],
    ['VIEW', from.touched, to.touched],
    ['VIEW', from.touchedMet, to.touchedMet],
    ['VIEW', from.merge, to.merge],
    ['VIEW', from.current, to.current],
  ] as const;
  await renameAll(db, pairs);
}

async function renameFunction(db: Db, from: StoreName, to: StoreName): Promise<void> {
  const { text } = from.sql;
  const [known] = await db.query<{ exists: boolean }>(
    'SELECT to_regproc($1) IS NOT NULL AS exists',
    [text],
  );
  if (known?.exists === true) db.defer(`ALTER FUNCTION ${text} RENAME TO ${quoteIdent(to.name)}`);
}

type Renaming = readonly ['TABLE' | 'VIEW', StoreName, StoreName];

async function renameAll(db: Db, pairs: readonly Renaming[]): Promise<void> {
  for (const [kind, former, name] of pairs) {
    db.defer(`ALTER ${kind} IF EXISTS ${former.sql.text} RENAME TO ${quoteIdent(name.name)}`);
    if (kind === 'TABLE') await renameIndexes(db, former.name, name);
  }
}

/** Of a table that is renamed already: PostgreSQL has called its indexes after it. */
async function renameIndexes(
  db: Db,
  former: string,
  { name, sql: table }: StoreName,
): Promise<void> {
  const indexes = await db.query<{ index: string; name: string }>(
    `SELECT x.oid::regclass::text AS index, $3 || substr(x.relname, length($2) + 1) AS name
     FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
     WHERE i.indrelid = to_regclass($1) AND starts_with(x.relname, $2)
       AND NOT EXISTS (
         SELECT FROM pg_class o
         WHERE o.relnamespace = x.relnamespace
           AND o.relname = $3 || substr(x.relname, length($2) + 1)
       )
     ORDER BY x.oid`,
    [table.text, former, name],
  );
  for (const { index, name: own } of indexes)
    db.defer(`ALTER INDEX ${index} RENAME TO ${quoteIdent(own)}`);
}
