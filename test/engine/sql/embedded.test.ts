/**
 * The same proof on the embedded database, which has one session for all: transactions and
 * savepoints, but nobody beside them. CI runs every tenth definition.
 *
 *   IMAT_SQL_EVERY=<n>   every nth definition
 *   IMAT_SQL_STEPS=<n>   the length of each history
 */
import { expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { type Batch, BATCHES } from './definitions/all.ts';
import { named } from './definitions/definition.ts';
import { hash } from './hash.ts';
import { openLonelyProof } from './proof.ts';

const EVERY = Number(process.env['IMAT_SQL_EVERY'] ?? 10);
const STEPS = Number(process.env['IMAT_SQL_STEPS'] ?? 25);

const all = Object.entries<Batch>(BATCHES);
const sameTables = ({ schema, isEmpty }: Batch): boolean =>
  schema === BATCHES.plain.schema && isEmpty !== true;
/** Those over the same tables in one database: to start one takes two seconds. */
const cases = [
  all.filter(([, batch]) => sameTables(batch)),
  ...all.filter(([, batch]) => !sameTables(batch)).map((one) => [one]),
].map((batches) => ({
  title: batches.map(([title]) => title).join(', '),
  schema: batches[0]?.[1].schema ?? expect.fail('no batch'),
  isEmpty: batches[0]?.[1].isEmpty === true,
  sets: batches.flatMap(([, { sets }]) => Object.entries(sets)),
}));

test.each(cases)('$title', async ({ title, schema, isEmpty, sets }) => {
  const db = await connectDb({ kind: 'embedded', directory: null });
  try {
    const proof = await openLonelyProof(db, schema, hash(title));
    if (!isEmpty) await proof.fill();
    for (const [construct, definitions] of sets)
      for (const [index, one] of named(definitions).entries())
        if (index % EVERY === 0) await proof.add(construct, one);
    if (isEmpty) await proof.fill();
    const faults = await proof.run(STEPS);
    expect(faults.join('\n\n'), proof.replay()).toBe('');
    const { comparisons, definitions, folds } = proof.figures();
    expect(comparisons).toBeGreaterThan(definitions.length);
    expect(folds).toBeGreaterThan(0);
  } finally {
    await db.close();
  }
});
