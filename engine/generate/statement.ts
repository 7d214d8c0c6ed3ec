import type { Sql } from '../sql/sql.ts';

/** One statement of a script; its label says in a few words what it is for. */
export type Statement = { readonly label: string; readonly sql: Sql };
