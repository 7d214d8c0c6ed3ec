/** A worker's part for one database: starts and stops its loop, and tells its state. */
import { createContext, type DatabaseContext, type DatabaseOptions } from './context.ts';
import { runPollLoop } from './poll-loop.ts';
import { abandon, shutDown } from './shutdown.ts';
import { runPass } from './single-pass.ts';

export type DatabaseState = {
  readonly database: string;
  readonly connected: boolean;
  readonly ticker: boolean;
  readonly queue: string;
  readonly error: string | null;
};

export class DatabaseWorker {
  readonly #context: DatabaseContext;
  #loop: Promise<void> | null = null;

  constructor(options: DatabaseOptions) {
    this.#context = createContext(options);
  }

  get state(): DatabaseState {
    const { options, status } = this.#context;
    const { name: database, connected, ticker, error } = status;
    const down = this.queueUp === false ? ', down' : '';
    const queue = options.queue === null ? 'in-process' : `${options.queue.kind}${down}`;
    return { database, connected, ticker, queue, error };
  }

  /** Null before the queue was opened. */
  get queueUp(): boolean | null {
    return this.#context.dispatcher.up;
  }

  /** Milliseconds since the loop last completed a round or a connection attempt. */
  get silentMs(): number {
    return this.#context.status.silentMs;
  }

  /** Milliseconds for which a session has been silent beyond its bounds; 0: none has. */
  get overdueMs(): number {
    const { work, control } = this.#context;
    return Math.max(work.overdueMs, control.overdueMs);
  }

  /** Imats that have failed and wait for another attempt. */
  get failing(): { readonly imat: string; readonly code: string }[] {
    return this.#context.poller.failing;
  }

  depth(): Promise<number | null> {
    return this.#context.dispatcher.depth();
  }

  start(): void {
    this.#loop ??= runPollLoop(this.#context);
  }

  /** One pass over everything, for cron. @throws ImatError if the database cannot be worked on */
  once(): Promise<void> {
    return runPass(this.#context);
  }

  /** Lets running tasks end within the policy's bound; false if something had to be cancelled. */
  stop(): Promise<boolean> {
    return shutDown(this.#context, this.#loop);
  }

  /** Cancels the running tasks, and waits for them for at most a second. */
  abandon(): Promise<void> {
    return abandon(this.#context);
  }
}
