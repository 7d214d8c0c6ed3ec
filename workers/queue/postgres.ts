/** BullMQ on PostgreSQL: its tables live in a schema of their own, `imat_queue`, in the database that the URL names. */
import { SchemaVersionMismatchError, UnsupportedPostgresVersionError, withBackend } from 'bullmq';
import type { ErrorCondition } from '../../engine/errors/catalogue.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import type { BackEnd } from './bullmq.ts';
import { createBackend } from './postgres-client.ts';

const SCHEMA = 'imat_queue';
const CONNECT_MS = 5000;

export function postgresBackEnd(url: string): BackEnd {
  const { Queue, Worker } = withBackend(createBackend);
  // A session for each, and the worker's one that listens.
  const connection = {
    connectionString: url,
    schema: SCHEMA,
    max: 1,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'imat worker queue',
  };
  return {
    kind: 'postgres',
    probe: async () => {
      const limits = { lock_timeout: CONNECT_MS, query_timeout: 2 * CONNECT_MS };
      const backend = createBackend(SCHEMA, {
        connection: { ...connection, ...limits, migrate: true },
      });
      // A connection that breaks says so twice: waitUntilReady tells.
      backend.on('error', () => undefined);
      try {
        await backend.waitUntilReady();
      } catch (error) {
        throw refusal(error);
      } finally {
        void backend.close().catch(() => undefined);
      }
    },
    queue: (name) => new Queue(name, { connection }) as never,
    worker: (name, process, settings) =>
      new Worker(name, process, { ...settings, connection }) as never,
    disconnect: async () => undefined,
  };
}

type Refusal = { readonly condition: ErrorCondition; readonly hint: string };

const LOGIN: Refusal = {
  condition: 'invalid_argument',
  hint: "Check the role and its password in the queue's URL, and the server's pg_hba.conf.",
};
/** By SQLSTATE or its class, what comes again for as long as nobody does something about it. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  28: LOGIN,
  '3D000': {
    condition: 'invalid_argument',
    hint: "Create that database, or name another one in the queue's URL.",
  },
  42501: {
    condition: 'insufficient_privilege',
    hint: `Give its role CREATE on that database, where it makes the schema ${SCHEMA}; one that is there already must be the role's own.`,
  },
  25006: { condition: 'read_only', hint: "Name the primary in the queue's URL." },
};
const VERSION: Refusal = {
  condition: 'unsupported_server',
  hint: "Name another server or database in the queue's URL.",
};

function refusal(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const sqlstate = 'code' in error ? String(error.code) : '';
  const known =
    error instanceof UnsupportedPostgresVersionError || error instanceof SchemaVersionMismatchError
      ? VERSION
      : // No password where one is asked for: the driver says so before the server can.
        error.message.startsWith('SASL')
        ? LOGIN
        : (REFUSALS[sqlstate] ?? REFUSALS[sqlstate.slice(0, 2)]);
  if (known === undefined) return error;
  return new ImatError(known.condition, {
    message: `the queue cannot be used: ${error.message}`,
    hint: known.hint,
    cause: error,
  });
}
