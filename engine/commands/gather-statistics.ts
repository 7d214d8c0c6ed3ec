/**
 * Statistics that PostgreSQL lacks of the sources. By which key rows are stored, and whether groups
 * below others are, rests on them. Autovacuum looks at a new table within a minute, and never at
 * one of fewer than 50 rows.
 */
import type { Prepared } from '../analysis/prepare.ts';
import type { Db } from '../db/db.ts';
import { type Unanalyzed, analyze, unanalyzed } from '../server/statistics.ts';

/** `again` analyses the definition once more, with the statistics that were gathered. */
export async function gatherStatistics(
  db: Db,
  prepared: Prepared,
  again: () => Promise<Prepared>,
): Promise<Prepared> {
  const missing = await missingOf(db, prepared);
  const own = missing.filter(({ mayAnalyze }) => mayAnalyze).map(({ name }) => name);
  const gathered = await analyze(db, own);
  const chosen = gathered.length > 0 ? await again() : prepared;
  const left = missing.filter(({ name }) => !gathered.includes(name));
  return {
    ...chosen,
    notes: [
      ...chosen.notes,
      ...gathered.map((name) => `${name} had no statistics: ANALYZE was run`),
      ...left.map(({ name }) => later(name)),
    ],
  };
}

/** Before a convert, which gathers what it may. */
export async function withStatisticsNotes(db: Db, prepared: Prepared): Promise<Prepared> {
  const missing = await missingOf(db, prepared);
  const notes = missing.map(({ name, mayAnalyze }) =>
    mayAnalyze ? `${lacks(name)}: convert runs ANALYZE first` : later(name),
  );
  return { ...prepared, notes: [...prepared.notes, ...notes] };
}

const missingOf = (db: Db, { analysis }: Prepared): Promise<readonly Unanalyzed[]> =>
  unanalyzed(
    db,
    analysis.sources.map(({ oid }) => oid),
  );

const lacks = (name: string): string =>
  `${name} has no statistics, by which imat chooses what it stores`;

const later = (name: string): string =>
  `${lacks(name)}: after ANALYZE by its owner, imat repair chooses again`;
