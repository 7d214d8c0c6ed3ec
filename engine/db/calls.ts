/** The calls of the API on one session. */
import { ImatError } from '../errors/imat-error.ts';
import type { Db } from './db.ts';

/** `stop` is aborted when the call is to end; statements under way are cancelled by then. */
type Body<T> = (stop: AbortSignal) => Promise<T>;

export class Calls {
  readonly #db: Db;
  #last: Promise<unknown> = Promise.resolve();
  #current: AbortController | null = null;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Carries out calls one after another, in the order in which they were made. */
  run<T>(body: Body<T>, signal?: AbortSignal): Promise<T> {
    const result = this.#last.then(() => this.#stoppable(body, signal));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Stops the call under way, or else the next one. */
  cancel(): Promise<void> {
    this.#current?.abort();
    return this.#db.cancel();
  }

  /** @throws ImatError `interrupted` if the signal was aborted before the call began */
  async #stoppable<T>(body: Body<T>, signal: AbortSignal | undefined): Promise<T> {
    if (signal?.aborted === true) {
      throw new ImatError('interrupted', {
        message: 'the call was aborted before it began',
        cause: signal.reason,
      });
    }
    const stop = new AbortController();
    const canceling: Promise<void>[] = [];
    const cancel = (): void => {
      stop.abort(signal?.reason);
      canceling.push(this.#db.cancel().catch(() => undefined));
    };
    signal?.addEventListener('abort', cancel, { once: true });
    this.#current = stop;
    try {
      return await body(stop.signal);
    } finally {
      this.#current = null;
      signal?.removeEventListener('abort', cancel);
      await Promise.all(canceling);
      // A signal stops its own call only, even where it came too late for that.
      if (canceling.length > 0) this.#db.forgetCancel();
    }
  }
}
