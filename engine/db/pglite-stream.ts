/** Looks like a socket to `pg`, and leads to the thread of the embedded database. */
import { Duplex } from 'node:stream';
import type { Worker } from 'node:worker_threads';
import type { WorkerInput, WorkerOutput } from './pglite-protocol.ts';

type Done = (error?: Error | null) => void;

/** AuthenticationOk, then ReadyForQuery outside a transaction: there is no login. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

export class PgliteStream extends Duplex {
  readonly #worker: Worker;
  #started = false;
  /** Called when the bytes that were sent last are answered. */
  #answered: Done | null = null;

  constructor(worker: Worker) {
    super();
    this.#worker = worker;
    worker.on('message', (message: WorkerOutput) => this.#receive(message));
    worker.on('error', (error) => this.destroy(error));
    worker.on('exit', () => this.#ended());
  }

  /** The methods of net.Socket that `pg` calls. */
  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    this.#worker.ref();
    return this;
  }
  unref(): this {
    this.#worker.unref();
    return this;
  }

  override _read(): void {
    // Answers are pushed as they arrive.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: readonly { chunk: Buffer }[], done: Done): void {
    if (!this.#started) {
      // The start-up message: the embedded database has its own user, database and settings.
      this.#started = true;
      this.push(WELCOME);
      return done();
    }
    // pg corks the messages of one statement, so they arrive together and need one round trip
    // between the threads.
    const bytes = Uint8Array.from(
      Buffer.concat(chunks.map(({ chunk }) => chunk).filter((chunk) => !chunk.equals(TERMINATE))),
    );
    if (bytes.length === 0) return done();
    this.#answered = done;
    this.#send({ kind: 'protocol', bytes });
  }

  override _final(done: Done): void {
    this.#answered = done;
    this.#send({ kind: 'close' });
  }

  #send(message: WorkerInput): void {
    this.#worker.postMessage(message);
  }

  #receive(message: WorkerOutput): void {
    if (message.kind === 'answer') {
      this.push(
        Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength),
      );
      this.#settle(null);
    } else if (message.kind === 'failed') {
      this.#settle(new Error(message.reason));
    }
  }

  #ended(): void {
    if (this.writableEnded) {
      this.push(null);
      this.#settle(null);
    } else {
      this.destroy(new Error('Connection terminated: the embedded database has stopped'));
    }
  }

  #settle(error: Error | null): void {
    const answered = this.#answered;
    this.#answered = null;
    answered?.(error);
  }
}
