/**
 * BullMQ's sessions on PostgreSQL, with a listener for errors from their first moment.
 *
 * The server may end a session at any moment. The driver emits that as `error`, and Node.js ends a
 * process that does not listen. BullMQ listens while a session is idle in its pool, and to the
 * session of LISTEN once it is connected, but not while a session is checked out, as it is for all
 * of a probe. Nothing is lost here: the statements of a session that has ended reject.
 */
import { createPostgresBackend } from 'bullmq';
import pg from 'pg';

class QueueClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/** The factory of BullMQ's back end, with sessions of QueueClient. */
export const createBackend: typeof createPostgresBackend = (name, options, parts) => {
  const connection = { ...(options.connection as object), Client: QueueClient };
  const backend = createPostgresBackend(name, { ...options, connection }, parts);
  // The pool takes the class as an option. For the session of LISTEN BullMQ has no option: it
  // takes the class of the module that it holds.
  Reflect.set(Reflect.get(backend, 'connection') as object, 'pgModule', { Client: QueueClient });
  return backend;
};
