import type { Imat } from '../engine/api.ts';
import type { ConnectTarget, Db } from '../engine/db/db.ts';
import type { Interrupt, SignalSource } from './interrupt.ts';
import type { Environment } from './target.ts';

/**
 * A stream as the command line uses it. Output to a reader that has closed the pipe (EPIPE) is
 * dropped.
 */
export type Terminal = {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
};

/**
 * One database session for both plain SQL and the API, because the embedded database has only one
 * session.
 */
export type Session = { readonly db: Db; readonly imat: Imat };

/**
 * Everything outside of the program. `main.ts` passes the process; a test passes its own.
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

/** What each command receives. */
export type Context = {
  readonly host: Host;
  readonly json: boolean;
  readonly interrupt: Interrupt;
  readonly version: string;
  /** The command sets it; `run` returns it at the end. */
  outcomeStatus: number;
};

/** The result of a command, for programs (`document`) and for people (`text`). */
export type Outcome = {
  readonly document: unknown;
  readonly text: string;
  /** The exit status; 0 if absent. */
  readonly status?: number;
};
