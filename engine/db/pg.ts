/** The driver for a PostgreSQL server. */
import type { Client, ClientConfig, Connection } from 'pg';
import { ImatError } from '../errors/imat-error.ts';
import { connectFailure, refusedTls } from './connection-errors.ts';
import type { Db } from './db.ts';
import { resolveServer } from './environment.ts';
import { backendPid, refuseTransactionPooler } from './pooler.ts';
import { Session, TEXT_TYPES } from './session.ts';

/**
 * Connects to a server. `url` null means the PG* variables. @throws ImatError `connection_failed`,
 * `invalid_argument`
 */
export async function connectServer(url: string | null): Promise<Db> {
  const config = resolveServer(url, process.env);
  // pg takes some 80 ms to load: only those who connect pay for it.
  const { default: pg } = await import('pg');
  const open = async (client: ClientConfig): Promise<Session> => {
    const connection = new pg.Client({ ...client, types: TEXT_TYPES });
    // The server may end a session at any moment, and Node.js ends a process that does not listen.
    // Statements that are asked of such a session reject.
    connection.on('error', () => undefined);
    await connection.connect();
    return Session.open({
      client: connection,
      driver: 'pg',
      cancel: () => sendCancel(new pg.Connection({ ssl: client.ssl }), connection),
    });
  };
  const attempt = async (client: ClientConfig): Promise<Db> => {
    const session = await open(client);
    const { processID } = session.client as Client & CancelTarget;
    try {
      const pid = await backendPid(session);
      if (pid !== processID) await refuseTransactionPooler(session, pid, () => open(client));
      return session;
    } catch (error) {
      await session.close().catch(() => undefined);
      throw error;
    }
  };
  try {
    return await attempt(config.client).catch((error: unknown) => {
      if (config.tlsOptional && refusedTls(error)) return attempt({ ...config.client, ssl: false });
      throw error;
    });
  } catch (error) {
    if (error instanceof ImatError && error.condition === 'unsupported_server') throw error;
    throw connectFailure(error, config);
  }
}

/** What pg's own types leave out. */
type CancelConnection = {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
};
type CancelTarget = { readonly processID: number; readonly secretKey: number };

/**
 * PostgreSQL's CancelRequest: a connection of its own that names the session by its secret and
 * needs no login.
 */
function sendCancel(connection: Connection, client: Client): Promise<void> {
  const wire = connection as Connection & CancelConnection;
  const { processID, secretKey } = client as Client & CancelTarget;
  return new Promise((resolve, reject) => {
    wire.on('connect', () => (client.ssl ? wire.requestSsl() : wire.cancel(processID, secretKey)));
    wire.on('sslconnect', () => wire.cancel(processID, secretKey));
    wire.on('error', reject);
    wire.on('end', resolve);
    if (client.host.startsWith('/')) wire.connect(`${client.host}/.s.PGSQL.${client.port}`);
    else wire.connect(client.port, client.host);
  });
}
