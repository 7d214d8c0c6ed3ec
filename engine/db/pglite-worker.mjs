// @ts-check
/**
 * The thread of the embedded database: it reads and writes bytes of PostgreSQL's protocol.
 *
 * This is plain JavaScript because Node starts the file itself, in dist/ and under a test runner
 * that compiles TypeScript only in the main thread. PGlite computes synchronously, so its own
 * thread keeps the caller's event loop free. Ending the thread is the only way to stop a statement.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/** @import { WorkerInput, WorkerOutput, WorkerStart } from './pglite-protocol.ts' */

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const { directory, initdbDump, wantsDump } = /** @type {WorkerStart} */ (workerData);

/** @param {WorkerOutput} message @param {Uint8Array} [bytes] */
function post(message, bytes) {
  port.postMessage(message, bytes === undefined ? [] : [/** @type {ArrayBuffer} */ (bytes.buffer)]);
}

const database = await PGlite.create({
  ...(directory === null ? {} : { dataDir: directory }),
  ...(initdbDump === null
    ? {}
    : { loadDataDir: new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (initdbDump)]) }),
});
const dump = wantsDump
  ? new Uint8Array(await (await database.dumpDataDir('gzip')).arrayBuffer())
  : null;
post({ kind: 'ready', dump });

port.on('message', (message) => void answer(message));

/** @param {WorkerInput} message */
async function answer(message) {
  try {
    if (message.kind === 'close') {
      await database.close();
      port.close();
    } else {
      // A copy, because the buffer of the answer can be PGlite's own memory, which must not be
      // transferred.
      const bytes = Uint8Array.from(await database.execProtocolRaw(message.bytes));
      post({ kind: 'answer', bytes }, bytes);
    }
  } catch (error) {
    post({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}
