import { sql } from '../sql/sql.ts';

/**
 * PostgreSQL lets writes through a view of one table, which would spoil what is stored. A second
 * item in FROM forbids it and costs nothing.
 */
export const READ_ONLY = sql`CROSS JOIN (SELECT) AS read_only`;
