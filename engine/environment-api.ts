/**
 * What is said of the server that imat runs on: its checks, and the optional extension. A part of
 * the public types (api.ts).
 */
export type DoctorCheck = {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'error';
  readonly message: string;
  readonly hint: string | null;
};

export type ExtensionResult = {
  /**
   * `present`: the database had it; `created`: it has it now; `manual`: nothing was changed, the
   * commands must be run first.
   */
  readonly outcome: 'present' | 'created' | 'manual';
  /** Whether its files were built and put into the server's directories by this call. */
  readonly built: boolean;
  readonly version: string | null;
  /** The schema of its functions, quoted where it must be. */
  readonly schema: string | null;
  /** Whether this role's imats are captured by it. */
  readonly captures: boolean;
  /** Whether it knows which tables have changed: the server must have loaded it at its start. */
  readonly tracks: boolean;
  /** For a shell on the server's machine, in order; empty unless the outcome is `manual`. */
  readonly commands: readonly string[];
  readonly preload: ExtensionPreload;
};

/** What the server's configuration says about loading the extension; imat never changes it. */
export type ExtensionPreload = {
  /** `restart`: the configuration is right, and the server has not been started since. */
  readonly state: 'loaded' | 'restart' | 'missing';
  /** The whole line for postgresql.conf, with what is loaded already. */
  readonly line: string;
  /** The file that the line belongs into; null where this role may not know. */
  readonly file: string | null;
  /** What to mind with this line, where there is something. */
  readonly note: string | null;
};
