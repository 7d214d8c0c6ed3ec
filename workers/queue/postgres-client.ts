/**
 * BullMQ's sessions on PostgreSQL, with a listener for errors from their first moment.
 *
 * The server may end a session at any moment, and the driver emits that as `error`. Node.js ends a process that does not listen.
 * BullMQ listens while a session is idle in its pool, and to the session of LISTEN once it is connected, but not while a session is
 * checked out, as it is for all of a probe. Nothing is lost here: statements of a session that has ended reject.
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
  // The pool takes the class as an option; the session of LISTEN takes that of the module, for which BullMQ has no option.
  Reflect.set(Reflect.get(backend, 'connection') as object, 'pgModule', { Client: QueueClient });
  return backend;
};
