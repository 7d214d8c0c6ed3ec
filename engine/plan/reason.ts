import type { Span } from '../../parser/tree.ts';

/** Why a definition, or a part of it, cannot be maintained by delta. */
export type PlanReason = {
  readonly kind: string;
  readonly message: string;
  readonly hint: string | null;
  readonly span: Span | null;
};
