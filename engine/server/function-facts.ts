/** What is known of the functions that a definition calls. */
import type { CatalogFunction } from '../../parser/catalog.ts';
import type { Dependence } from './type-output.ts';

export type FunctionUse = {
  readonly schema: string;
  readonly name: string;
  /**
   * The operator that the function stands behind, with its operands' types; null for one that is no
   * operator's.
   */
  readonly operator: { readonly name: string; readonly signature: string } | null;
  readonly dependence: Dependence;
  /** The tables that a function reads although it is declared IMMUTABLE; null for any other. */
  readonly reads?: string | null;
  /** A schema with which a function computes something else although it is declared IMMUTABLE. */
  readonly otherwiseWith?: string;
  /** Why the body of a function does not prove that it depends on its arguments alone. */
  readonly body?: string | null;
  /**
   * Whether it depends on its arguments, the time of the transaction and settings of the session
   * alone: computed when an imat is read, it is what the definition has for that reader.
   */
  readonly isOfReader?: boolean;
  /** Whether it is so because the call leaves an argument to a default that is not stable. */
  readonly isByDefault?: boolean;
};

/** A function as it was when it was read: it has another version once it is replaced. */
export type FunctionVersion = { readonly oid: number; readonly version: string };

/**
 * A function that depends on its arguments alone by its body, not by its declaration; with
 * `bySettings` on settings as well, with `readsTime` on the time (`FunctionUse.isOfReader`).
 */
export type ProvedFunction = FunctionVersion & {
  readonly schema: string;
  readonly name: string;
  readonly volatility: string;
  readonly bySettings: boolean;
  readonly readsTime: boolean;
};

export type FunctionFacts = {
  /** What a definition calls by name, for the parser. */
  readonly called: readonly CatalogFunction[];
  /** Whatever depends on more than tables. */
  readonly unstable: readonly FunctionUse[];
  /** The enums whose labels the definition reads, each once, as `format_type` prints them. */
  readonly enums: readonly string[];
  /** Those of them whose values it lists, so that one more changes it. */
  readonly listedEnums: readonly string[];
  /** Functions of roles that are not superusers, qualified. */
  readonly untrusted: readonly string[];
  /** Whether one of them must not run in parallel mode. */
  readonly isParallelUnsafe: boolean;
  readonly proved: readonly ProvedFunction[];
  /** Functions that the bodies of those call, at any depth. */
  readonly calledInBodies: readonly FunctionVersion[];
};
