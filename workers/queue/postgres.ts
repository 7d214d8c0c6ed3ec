/** BullMQ on PostgreSQL: its tables live in a schema of their own, `imat_queue`, in the database that the URL names. */
import { createPostgresBackend, withBackend } from 'bullmq';
import type { BackEnd } from './bullmq.ts';

const SCHEMA = 'imat_queue';

export function postgresBackEnd(url: string): BackEnd {
  const { Queue, Worker } = withBackend(createPostgresBackend);
  const connection = { connectionString: url, schema: SCHEMA, migrate: true, application_name: 'imat worker queue' };
  return {
    kind: 'postgres',
    queue: (name) => new Queue(name, { connection }) as never,
    worker: (name, process, settings) => new Worker(name, process, { ...settings, connection }) as never,
    disconnect: async () => undefined,
  };
}
