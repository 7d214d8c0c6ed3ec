import type { Imat } from '../engine/api.ts';
import type { ConnectTarget, Db } from '../engine/db/db.ts';
import type { Interrupt, SignalSource } from './interrupt.ts';
import type { Environment } from './target.ts';

/**
 * A stream as the command line uses it; what a reader that went away (EPIPE) misses is nobody's
 * loss.
 */
export type Terminal = {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
};

/**
 * One database session, for SQL of one's own as well as for the API: the embedded database has no
 * second one.
 */
export type Session = { readonly db: Db; readonly imat: Imat };

/**
 * Everything outside of the program itself. A test gives another one; `main.ts` gives the process.
 */
export type Host = {
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly stdin: () => Promise<string>;
  readonly environment: Environment;
  readonly signals: SignalSource;
  readonly exit: (status: number) => void;
  readonly connect: (target: ConnectTarget) => Promise<Imat>;
  readonly openSession: (target: ConnectTarget) => Promise<Session>;
};

/** What a command is given: the host, how to be interrupted, and where its result goes. */
export type Context = {
  readonly host: Host;
  readonly json: boolean;
  readonly interrupt: Interrupt;
  readonly version: string;
  /** Set by the command that ran; read by `run` when all is done. */
  outcomeStatus: number;
};

/** What a command found out, for either kind of reader. */
export type Outcome = {
  readonly document: unknown;
  readonly text: string;
  /** 0 unless it says otherwise. */
  readonly status?: number;
};
