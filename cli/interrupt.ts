import { ImatError } from '../engine/errors/imat-error.ts';
import { exitStatusOfSignal } from './exit-status.ts';

export const INTERRUPTING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The part of `process` that is needed here, so that a test can send signals of its own. */
export type SignalSource = {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
};

const UNDOING = 'imat: interrupted, undoing what was begun (once more to leave at once)\n';

export type Stopping = {
  /** What to tell the user at the first signal; null: nothing. */
  readonly notice?: string | null;
  /** What to do at the second one before leaving; a third one does not wait for it. */
  readonly abandon?: () => Promise<void>;
};

type Environment = {
  readonly signals: SignalSource;
  readonly warn: (text: string) => void;
  readonly exit: (status: number) => void;
};

/**
 * Ctrl-C in two steps. The first asks the database to stop the statement under way, so that the
 * command ends by its ordinary error path and undoes what it began; the second leaves at once.
 * Where nothing runs in the database yet (a connection that is not answered), the first one ends
 * the command through `unattended`.
 */
export class Interrupt {
  /** Rejects with `interrupted` where a signal comes and no `cancel` is registered. */
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
    // It is raced against the command; on its own it must not count as an unhandled rejection.
    this.unattended.catch(() => undefined);
    for (const signal of INTERRUPTING_SIGNALS) environment.signals.on(signal, this.#listener);
  }

  /** The first signal that came, or null. */
  get signal(): NodeJS.Signals | null {
    return this.#signal;
  }

  /**
   * Says how to stop the work that begins now; the function it gives back says that the work is
   * over.
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
        'imat: could not reach the database to stop it; once more to leave at once\n',
      ),
    );
  }
}

/**
 * What a command failed with after a signal: the engine's own `interrupted` says more, anything
 * else follows from the signal.
 */
export function interruptedError(cause: unknown): ImatError {
  if (cause instanceof ImatError && cause.condition === 'interrupted') return cause;
  return new ImatError('interrupted', {
    message: 'interrupted',
    detail: cause === undefined ? 'Nothing had been begun.' : 'What was begun was rolled back.',
    hint:
      cause === undefined
        ? undefined
        : '"imat doctor" names what is left to finish, if anything is.',
    cause,
  });
}
