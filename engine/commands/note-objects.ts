/** Notes what an imat is made of, so that what somebody drops of it is found. */
import type { Db } from '../db/db.ts';
import type { Subject } from '../generate/subject.ts';
import { namesOfStores } from '../generate/stores.ts';
import type { Plan } from '../plan/plan.ts';
import type { StoreName, StoreNames } from '../sql/names.ts';

/**
 * To be called when everything is there, under its final names. Left out is what the catalog has in
 * columns of its own, and the tables of a swap imat, which come and go.
 */
export async function noteObjects(
  db: Db,
  id: number,
  { names }: Pick<Subject, 'names'>,
  plan: Plan | null,
): Promise<void> {
  const stores = namesOfStores(names, plan);
  const { fold, definition, slots, labels, elapsed } = names;
  const known = new Set([fold, definition, ...slots, stores[0]?.state].map((one) => one?.name));
  const possible = [labels, elapsed, ...stores.flatMap(namesIn)].flatMap(({ name }) =>
    known.has(name) ? [] : [name],
  );
  const tables = stores.map(({ state }) => state.name);
  await db.query(NOTE_SQL, [id, JSON.stringify(possible), JSON.stringify(tables)]);
}

/** Those of the only store are the imat's own, among which others stand. */
const namesIn = (store: StoreNames): StoreName[] =>
  Object.values(store)
    .flat()
    .filter((one: unknown): one is StoreName => typeof one === 'object' && 'name' in (one ?? {}));

const NOTE_SQL = `
UPDATE imat_catalog.imat i
SET objects = ARRAY(
    SELECT o.name FROM (
      SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'imat_store'::regnamespace
      UNION
      SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'imat_store'::regnamespace
    ) o(name)
    WHERE o.name IN (SELECT jsonb_array_elements_text($2::jsonb)) ORDER BY o.name),
  keyed_tables = ARRAY(
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'imat_store'::regnamespace
      AND c.relname IN (SELECT jsonb_array_elements_text($3::jsonb))
      AND EXISTS (SELECT FROM pg_index x
        WHERE x.indrelid = c.oid AND x.indisunique AND x.indpred IS NULL)
    ORDER BY c.relname)
WHERE i.id = $1`;
