/** What the main thread and the embedded database's thread say to each other. */

export type WorkerStart = {
  /** The data directory; null for a database in memory. */
  readonly directory: string | null;
  /** A fresh cluster as PGlite dumps it: loading it takes a fifth of the time of initdb. */
  readonly initdbDump: Uint8Array | null;
  /** Send such a dump with `ready`. Only for a cluster that nothing was written to. */
  readonly wantsDump: boolean;
};

export type WorkerInput =
  | { readonly kind: 'protocol'; readonly bytes: Uint8Array }
  | { readonly kind: 'close' };

export type WorkerOutput =
  | { readonly kind: 'ready'; readonly dump: Uint8Array | null }
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  | { readonly kind: 'failed'; readonly reason: string };
