/** The messages between the main thread and the thread of the embedded database. */

export type WorkerStart = {
  /** The data directory; null for a database in memory. */
  readonly directory: string | null;
  /** A new cluster as PGlite dumps it; loading it takes a fifth of the time of initdb. */
  readonly initdbDump: Uint8Array | null;
  /** Whether to send such a dump with `ready`; only for a cluster without any writes. */
  readonly wantsDump: boolean;
};

export type WorkerInput =
  | { readonly kind: 'protocol'; readonly bytes: Uint8Array }
  | { readonly kind: 'close' };

export type WorkerOutput =
  | { readonly kind: 'ready'; readonly dump: Uint8Array | null }
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  | { readonly kind: 'failed'; readonly reason: string };
