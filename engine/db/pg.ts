/** The driver for a PostgreSQL server. */
import type { Client, ClientConfig, Connection } from 'pg';
import { ImatError } from '../errors/imat-error.ts';
import { requireBinding } from './channel-binding.ts';
import { connectFailure, refusedTls } from './connection-errors.ts';
import type { Db } from './db.ts';
import { resolveServer, type ServerConfig } from './environment.ts';
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
    const binding = config.bindsChannel ? requireBinding(client) : null;
    const connection = new pg.Client({
      ...(binding?.config ?? client),
      types: TEXT_TYPES,
      pipeline: true,
    });
    binding?.watch(connection);
    // The server may end a session at any moment, and Node.js ends a process that does not listen.
    // Statements that are asked of such a session reject.
    connection.on('error', () => undefined);
    await connection.connect();
    try {
      binding?.check();
    } catch (error) {
      await connection.end();
      throw error;
    }
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
      await requireWantedServer(session, config);
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
    // Only a session that is open has been asked for these.
    if (error instanceof ImatError && error.category === 'user') throw error;
    throw connectFailure(error, config);
  }
}

/**
 * `target_session_attrs`, as libpq takes it of one host. @throws ImatError `connection_refused`
 */
async function requireWantedServer(session: Db, { wantedServer }: ServerConfig): Promise<void> {
  if (wantedServer === 'any' || wantedServer === 'prefer-standby') return;
  const [is] = await session.query<{ standby: boolean; readOnly: boolean }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.current_setting('transaction_read_only')::pg_catalog.bool AS "readOnly"`,
  );
  const fits = {
    'read-write': is?.readOnly === false,
    'read-only': is?.readOnly === true,
    primary: is?.standby === false,
    standby: is?.standby === true,
  }[wantedServer];
  if (fits === true) return;
  throw new ImatError('connection_refused', {
    message: `the server is not one that target_session_attrs=${wantedServer} asks for`,
    detail: `It is a ${is?.standby === true ? 'standby' : 'primary'}, and its sessions are ${
      is?.readOnly === true ? 'read-only' : 'read-write'
    }.`,
    hint: 'Name another server, or another value of target_session_attrs.',
  });
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
