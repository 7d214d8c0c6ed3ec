import type { Span } from './tree.ts';

/** Why a text, or a part of it, has no tree. */
export type Unreadable = {
  /** A stable, snake_case identifier, e.g. `syntax`, `unknown_column`. */
  readonly kind: string;
  /** One lower-case sentence for people. */
  readonly message: string;
  readonly span: Span | null;
};
