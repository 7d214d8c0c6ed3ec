/**
 * BullMQ on PostgreSQL. Its tables are in the schema `imat_queue` of the database that the URL
 * names.
 */
import { SchemaVersionMismatchError, UnsupportedPostgresVersionError, withBackend } from 'bullmq';
import type { ErrorCondition } from '../../engine/errors/catalogue.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import type { BackEnd } from './bullmq.ts';
import { createBackend } from './postgres-client.ts';

const SCHEMA = 'imat_queue';
const CONNECT_MS = 5000;

export function postgresBackEnd(url: string): BackEnd {
  const { Queue, Worker } = withBackend(createBackend);
  // The queue and the worker each use one session, and the worker another one to listen.
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
      // A broken connection is reported twice; waitUntilReady reports it as well.
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
/** Errors that recur until somebody fixes their cause, by SQLSTATE or its class. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  28: LOGIN,
  '3D000': {
    condition: 'invalid_argument',
    hint: "Create that database, or name another one in the queue's URL.",
  },
  42501: {
    condition: 'insufficient_privilege',
    hint: `Grant its role CREATE on that database; if schema ${SCHEMA} exists, it must own it.`,
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
      : // The driver itself reports that the server wants a password and the URL has none.
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
