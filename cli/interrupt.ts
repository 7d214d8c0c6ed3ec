import { ImatError } from '../engine/errors/imat-error.ts';
import { exitStatusOfSignal } from './exit-status.ts';

export const INTERRUPTING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The part of `process` that is used here; a test sends its own signals. */
export type SignalSource = {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
};

const UNDOING =
  'imat: interrupted; undoing unfinished work (interrupt again to exit immediately)\n';

export type Stopping = {
  /** The text for the user at the first signal; null prints nothing. */
  readonly notice?: string | null;
  /** Runs at the second signal before the exit; a third signal does not wait for it. */
  readonly abandon?: () => Promise<void>;
};

type Environment = {
  readonly signals: SignalSource;
  readonly warn: (text: string) => void;
  readonly exit: (status: number) => void;
};

/**
 * Handles Ctrl-C in two steps. The first signal asks the database to cancel the running statement,
 * so the command ends by its ordinary error path and undoes its work. The second signal exits
 * immediately. If nothing runs in the database yet (a connection attempt without an answer), the
 * first signal ends the command through `unattended`.
 */
export class Interrupt {
  /** Rejects with `interrupted` if a signal arrives while no `cancel` is registered. */
  readonly unattended: Promise<never>;
  readonly #environment: Environment;
  readonly #listener = (signal: NodeJS.Signals): void => this.#receive(signal);
  #leave: (error: ImatError) => void = () => undefined;
  #cancel: (() => Promise<void>) | null = null;
  #stopping: Stopping = {};
  #signal: NodeJS.Signals | null = null;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.unattended = new Promise((_, reject) => {
      this.#leave = reject;
    });
    // `run` races it against the command; alone it must not count as an unhandled rejection.
    this.unattended.catch(() => undefined);
    for (const signal of INTERRUPTING_SIGNALS) environment.signals.on(signal, this.#listener);
  }

  /** The first signal that arrived, or null. */
  get signal(): NodeJS.Signals | null {
    return this.#signal;
  }

  /**
   * Registers how to stop the work that begins now. The returned function reports the end of the
   * work.
   */
  cancelWith(cancel: () => Promise<void>, stopping: Stopping = {}): () => void {
    this.#cancel = cancel;
    this.#stopping = stopping;
    return () => {
      this.#cancel = null;
    };
  }

  dispose(): void {
    for (const signal of INTERRUPTING_SIGNALS)
      this.#environment.signals.off(signal, this.#listener);
  }

  #receive(signal: NodeJS.Signals): void {
    if (this.#signal !== null) {
      const leave = (): void => this.#environment.exit(exitStatusOfSignal(signal));
      const { abandon } = this.#stopping;
      this.#stopping = {};
      if (abandon === undefined) leave();
      else void abandon().then(leave, leave);
      return;
    }
    this.#signal = signal;
    if (this.#cancel === null) {
      this.#leave(interruptedError(undefined));
      return;
    }
    const { notice = UNDOING } = this.#stopping;
    if (notice !== null) this.#environment.warn(notice);
    this.#cancel().catch(() =>
      this.#environment.warn(
        'imat: could not reach the database to cancel the statement; interrupt again to ' +
          'exit immediately\n',
      ),
    );
  }
}

/**
 * The error of a command that a signal ended. The engine's own `interrupted` says more and is kept;
 * any other error is a consequence of the signal.
 */
export function interruptedError(cause: unknown): ImatError {
  if (cause instanceof ImatError && cause.condition === 'interrupted') return cause;
  return new ImatError('interrupted', {
    message: 'interrupted',
    detail: cause === undefined ? 'No work had started.' : 'Unfinished work was rolled back.',
    hint:
      cause === undefined ? undefined : 'Run imat doctor to see whether steps are left to finish.',
    cause,
  });
}
