/** Both drivers, for what is true of one and of the other. */
import { connectDb } from '../../../../engine/db/connect-db.ts';
import type { Db } from '../../../../engine/db/db.ts';
import type { useDatabase } from '../../../setup/database.ts';

type Driver = { readonly driver: Db['driver']; readonly open: () => Promise<Db> };

export const driversOn = (database: ReturnType<typeof useDatabase>): readonly Driver[] => [
  { driver: 'pg', open: () => connectDb({ kind: 'url', url: database.url }) },
  { driver: 'pglite', open: () => connectDb({ kind: 'embedded', directory: null }) },
];

/** For `beforeEach`: an empty table. */
export const ITEMS =
  'DROP TABLE IF EXISTS public.item; CREATE TABLE public.item (id int PRIMARY KEY, name text)';
