import type { Db } from './db.ts';

/** Runs `body` and undoes whatever it did. Savepoints nest, so it does as well. */
export async function rolledBack<T>(db: Db, body: () => Promise<T>): Promise<T> {
  db.defer('SAVEPOINT imat_analysis');
  try {
    return await body();
  } finally {
    db.defer('ROLLBACK TO SAVEPOINT imat_analysis; RELEASE SAVEPOINT imat_analysis');
  }
}
