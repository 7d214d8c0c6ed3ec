import type { ConnectTarget, Db } from './db.ts';

/** Opens a session. @throws ImatError `connection_failed`, `embedded_locked`, `invalid_argument` */
export async function connectDb(target: ConnectTarget): Promise<Db> {
  switch (target.kind) {
    case 'url':
      return (await import('./pg.ts')).connectServer(target.url);
    case 'environment':
      return (await import('./pg.ts')).connectServer(null);
    case 'embedded':
      return (await import('./pglite.ts')).connectEmbedded(target.directory);
  }
}
